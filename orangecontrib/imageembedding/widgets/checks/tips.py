"""What the controls of Check Images are good for."""

TIPS = {
    "Cancel": "Stop; press again to restart the check",
    "Images": "Click to select, with Ctrl or Shift to add; double-click or press Space to enlarge",
}
