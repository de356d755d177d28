"""What the controls of Hierarchical Clustering are good for."""

TIPS = {
    "Distance": "How different two images are: cosine compares directions and suits embeddings",
    "Linkage": "How far apart two clusters are: Ward finds known kinds of images best",
    "Images": "The column with the paths or URLs of the images",
    "Labels": "The text beside each leaf",
    "Heights": "Logarithmic shows the lowest branches larger",
    "Click on branches": "A click on a branch selects its rows, Ctrl adds one, Shift a run",
    "Cut at height (%)": "Clusters are what hangs together below a part of the height of the tree",
    "Top N clusters": "So many clusters: those that the highest merges join",
    "Automatic number": "As many clusters as keep each image with its nearest ones best",
    "Best silhouette": "As many clusters as are apart from each other most clearly",
}
