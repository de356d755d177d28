"""What the controls of Compare Embedders are good for."""

TIPS = {
    "Embedders": "Tick those to compare; the others say how to get them",
    "Embedders of a server": "Also compare embedders of a server, to which the sample is sent then",
    "Server": "Address of the server; its embedders join the list",
    "API key": "Kept for this session only, never saved with the workflow",
    "Start": "Run the embedders that are ticked on the sample",
    "Scores": "A click on a row chooses the embedder whose embeddings go on",
    "Nearest images": "A click on an image shows its own nearest ones",
    "Sample": "Click the images whose nearest ones are to be seen",
}
