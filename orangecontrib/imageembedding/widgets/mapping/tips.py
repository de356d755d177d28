"""What the controls of Image Map are good for."""

TIPS = {
    "Map": "Computed from the embeddings, or two columns of the data",
    "Label": "What is written beside images and regions",
    "Size of pictures": "How large the pictures are that stand for regions",
    "Dots only": "No pictures, a dot for each image",
    "How fine regions are": "How many images a region with a picture of its own has",
    "Part": "Which part of the map is saved",
    "Longer side in pixels": "Size of the saved picture",
}
