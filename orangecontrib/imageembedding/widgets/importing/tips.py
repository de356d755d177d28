"""What the controls of Import Images are good for."""

TIPS = {
    "Some images of each class": "A double click shows an image large",
    "Folders and files": "What is read; Delete removes what is selected here",
    "Sub-folders are classes": "The class of an image is the name of the folder that it lies in",
}
