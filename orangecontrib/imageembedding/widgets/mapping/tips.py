"""What the controls of Image Map are good for."""

TIPS = {
    "Map": "Computed from the embeddings, or two columns of the data",
    "Label": "The text beside images and regions",
    "Size of pictures": "How large the pictures are",
    "Dots only": "Show a dot for each image instead of pictures",
    "How fine regions are": "How small a region may be",
    "Part": "Which part of the map is saved",
    "Longer side in pixels": "Size of the saved picture",
}
