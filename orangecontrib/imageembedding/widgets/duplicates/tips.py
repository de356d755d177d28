"""What the controls of Find Duplicates are good for."""

TIPS = {
    "Cancel": "Stop; what has been read is cached",
    "Groups": "Which groups come first",
    "Groups of duplicates": "Click an image to keep it; N: not a duplicate; Space: compare",
    "Least similarity": "How similar images must be; the pairs below just meet this",
    "Rule": "Which image of a group is kept; your own choices stay",
    "Size of the images": "Size of the images (also: Ctrl and the wheel)",
}
