"""What the controls of Image Embedding are good for."""

TIPS = {
    "Search embedders": "Words of a name or description, or timm: and the name of a model of timm",
    "Embedders": "The network that describes the images; a heading sorts",
    "Compute on": "Where the network runs: this computer, its graphics card, or a server",
    "Server": "Address of an embedding server, to which the images are sent",
    "API key": "What the server asks for, if it does; it is not saved in the workflow",
}
