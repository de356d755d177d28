"""What the controls of Check Images are good for."""

TIPS = {
    "Cancel": "Stop; press it again to check again",
    "Images": "Click selects, Ctrl and Shift add, a double click or Space shows an image large",
}
