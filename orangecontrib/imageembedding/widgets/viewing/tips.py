"""What the controls of Image Viewer are good for."""

TIPS = {
    "Color": "Frames in the color of a category or number",
    "Group by": "A heading for each value of a categorical column",
    "Sort by": "The order of the images; of texts 2 comes before 10",
    "Descending": "The largest, or the last in the alphabet, first",
    "Size of the images": "Size of the images (also Ctrl and the wheel)",
    "Images": "Click selects, Ctrl and Shift add, a double click or Space shows an image large",
}
