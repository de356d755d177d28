"""What the controls of Find Duplicates are good for."""

TIPS = {
    "Cancel": "Stop; what was read until then is cached",
    "Groups": "Which groups come first",
    "Groups of duplicates": "A click keeps an image; N: not a duplicate; Space: compare",
    "Least similarity": "How similar they must be; the pairs below just are",
    "Rule": "Which image of a group is kept; what you chose by hand stays",
    "Size of the images": "Size of the images; also by Ctrl and the wheel",
}
