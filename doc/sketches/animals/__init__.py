# SPDX-License-Identifier: GPL-3.0-or-later
"""The animals: a module each, with one function that draws the animal in any of its poses."""
