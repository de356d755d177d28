"""What the controls of Compare Embedders are good for."""

TIPS = {
    "Embedders": "Tick the embedders to compare; the others tell how to get them",
    "Embedders of a server": "Also compare embedders of a server; the sample is sent to it",
    "Server": "Address of the server; its embedders join the list",
    "API key": "Used in this session only; never saved with the workflow",
    "Start": "Run the ticked embedders on the sample",
    "Scores": "Click a row to choose the embedder whose embeddings are sent",
    "Nearest images": "Click an image to see its own nearest images",
    "Sample": "Click the images whose nearest images you want to see",
}
