"""What the controls of Save Images are good for."""

TIPS = {
    "Folder": "Where the images are saved: nothing in it is replaced",
    "Choose…": "Choose the folder, or make a new one",
    "Format": "As it is copies the files; others are written anew",
    "Size": "As it is, in pixels, or as an embedder sees the images",
    "Embedder": "Whose input is saved",
    "Fit": "What becomes of images that are wider or higher than wanted",
    "Write a list of the sources (manifest.csv)": (
        "A table of the new files, with the paths of the old ones"
    ),
    "Save": "Write the images now",
}
