"""What the controls of Image Grid are good for."""

TIPS = {
    "Order": "Similar images side by side, or each near its place on a map",
    "Columns": "How many images lie in a row; automatic makes the grid about as wide as high",
    "Shown": "The whole image, or one that fills its square",
    "Frame color": "Color the frame of each image by its category or number",
    "Cell size": "Size of the images (also the wheel, + and −)",
}
