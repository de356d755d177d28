import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from AnyQt.QtCore import Qt
from AnyQt.QtTest import QTest
from Orange.data import ContinuousVariable, Domain, StringVariable, Table
from Orange.widgets.tests.base import WidgetTest
from pictures import picture
from PIL import Image

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.duplicates.distinct import DistinctPairs
from orangecontrib.imageembedding.tables.locate import default_image_locations
from orangecontrib.imageembedding.widgets.duplicates.tasks import remember_distinct
from orangecontrib.imageembedding.widgets.owfindduplicates import NOTHING, OWFindDuplicates

SMOOTH = Image.Resampling.BICUBIC


def write_collection(folder):
    """Six images: the second is twice there, the third also smaller; get their paths."""
    folder.mkdir(parents=True)
    paths = [folder / f"{i}.png" for i in range(4)]
    for i, path in enumerate(paths):
        small = Image.fromarray(picture(i, 12, 9))
        small.resize((240, 180), SMOOTH).save(path)
    (folder / "sub").mkdir()
    paths.append(Path(shutil.copy(paths[1], folder / "sub" / "same.png")))
    paths.append(folder / "sub" / "half.jpg")
    Image.open(paths[2]).resize((120, 90), SMOOTH).save(paths[5], quality=80)
    os.utime(paths[5], (86400, 86400))
    return paths


OF = [0, 1, 2, 3, 1, 2]  # which image each is of


def embedded(paths, of=OF):
    """Get a table with embeddings: those of copies are the same."""
    vectors = np.random.default_rng(0).normal(size=(9, 64))[list(of)]
    column = StringVariable("image")
    column.attributes["type"] = "image"
    domain = Domain([ContinuousVariable(f"n{i}") for i in range(64)], None, [column])
    metas = np.array([[str(path)] for path in paths], dtype=object)
    return Table.from_numpy(domain, vectors, metas=metas)


def digest(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(str(f), f.stat().st_mtime_ns, hashlib.md5(f.read_bytes()).digest()) for f in files]


class TestOWFindDuplicates(WidgetTest):
    @pytest.fixture(autouse=True)
    def _images(self, tmp_path):
        self.tmp_path = tmp_path
        self.paths = write_collection(tmp_path / "in")
        self.table = embedded(self.paths)
        self.before = digest(tmp_path / "in")
        yield
        assert digest(tmp_path / "in") == self.before  # whatever a test does

    def open(self, settings=None, table=None, reference=None):
        widget = self.create_widget(OWFindDuplicates, stored_settings=settings)
        if reference is not None:
            self.send_signal(widget.Inputs.reference, reference, widget=widget)
        self.send_signal(widget.Inputs.data, self.table if table is None else table, widget=widget)
        self.wait_until_finished(widget=widget)
        return widget

    def rows(self, output, widget):
        table = self.get_output(output, widget=widget)
        places = {str(path): row for row, path in enumerate(self.paths)}
        return None if table is None else [places[p] for p in default_image_locations(table)]

    def press(self, widget, row, key=None):
        view = widget.view
        (position,) = view.images.positions_of([row]).tolist()
        view.set_current(position)
        if key is None:
            point = view.visualRect(view.images.index(position)).center()
            QTest.mouseClick(view.viewport(), Qt.LeftButton, Qt.NoModifier, point)
        else:
            view.select_rows([row])
            QTest.keyClick(view, key)

    def settle(self, widget):
        self.process_events(lambda: not widget._background.is_busy)

    def pairs(self):
        store = DistinctPairs()
        try:
            return store.all()
        finally:
            store.close()

    def test_groups_are_found_and_sent(self):
        widget = self.open()
        assert widget.decisions.groups == [[1, 4], [2, 5]]
        assert self.rows(widget.Outputs.unique, widget) == [0, 1, 2, 3]
        assert self.rows(widget.Outputs.duplicates, widget) == [4, 5]
        table = self.get_output(widget.Outputs.data, widget=widget)
        assert [str(row["Duplicate Group"]) for row in table] == ["?", "D1", "D2", "?", "D1", "D2"]
        assert [str(row["Kind"]) for row in table][4:] == ["identical", "copy"]
        assert [str(row["Kept"]) for row in table] == ["Yes"] * 4 + ["No"] * 2
        n_bytes = sum(path.stat().st_size for path in self.paths[4:])
        assert "2 of 6 images are duplicates, in 2 groups" in widget.count_label.text()
        assert f"{n_bytes / 1000:.3g} KB would be saved" in widget.count_label.text()

    def test_a_click_a_key_and_undo_change_the_one_that_is_kept(self):
        widget = self.open()
        widget.show()
        self.press(widget, 4)
        assert self.rows(widget.Outputs.unique, widget) == [0, 2, 3, 4]
        self.press(widget, 5, Qt.Key_K)
        assert self.rows(widget.Outputs.unique, widget) == [0, 3, 4, 5]
        assert widget.view.images.titles[5].startswith("✓ kept\n120 × 90\nJPG · ")
        assert widget.view.images.titles[2].startswith("copy · 1.00\n240 × 180")
        widget.undo.undo()
        widget.undo.undo()
        assert self.rows(widget.Outputs.unique, widget) == [0, 1, 2, 3]

    def test_what_the_user_keeps_comes_back_with_the_workflow_also_after_a_move(self):
        widget = self.open()
        widget.keep(5)
        settings = widget.settingsHandler.pack_data(widget)
        moved = self.tmp_path / "moved"
        shutil.copytree(self.tmp_path / "in", moved)
        there = [moved / path.relative_to(self.tmp_path / "in") for path in self.paths]
        again = self.open(settings, embedded(there))
        assert again.decisions.kept == [1, 5]

    def test_rules_choose_the_kept_ones(self):
        widget = self.open({"rule": "oldest"})
        assert widget.decisions.kept[1] == 5
        widget.keep_row._take(str(self.tmp_path / "in" / "sub"))
        assert widget.decisions.kept == [4, 5]
        widget.rule_combo.activated.emit(widget.rule_combo.findData("most-pixels"))
        widget.keep_row._take("")
        assert widget.decisions.kept == [1, 2]

    def test_not_a_duplicate_is_remembered_for_ever_and_can_be_undone(self):
        widget = self.open()
        widget.show()
        self.press(widget, 5, Qt.Key_N)
        self.settle(widget)
        assert widget.decisions.groups == [[1, 4]]
        assert self.rows(widget.Outputs.unique, widget) == [0, 1, 2, 3, 5]
        assert len(self.pairs()) == 1
        assert self.open().decisions.groups == [[1, 4]]
        widget.undo.undo()
        self.settle(widget)
        assert widget.decisions.groups == [[1, 4], [2, 5]]
        assert self.pairs() == set()

    def test_images_are_compared_side_by_side_and_in_turn(self):
        widget = self.open()
        widget.show()
        self.press(widget, 5, Qt.Key_Space)
        dialog = widget._comparison
        assert dialog.isVisible()
        assert dialog.row == 5
        self.process_events(lambda: all(canvas.image is not None for canvas in dialog.canvases))
        assert [canvas.image.width() for canvas in dialog.canvases] == [240, 120]
        assert "<b>240 × 180</b>" in dialog.labels[0].text()
        QTest.keyClick(dialog, Qt.Key_Space)
        assert dialog.sides[1].isHidden()
        assert dialog.canvases[0].image.width() == 240
        QTest.keyClick(dialog, Qt.Key_Space)
        assert dialog.canvases[0].image.width() == 120
        QTest.keyClick(dialog, Qt.Key_S)
        assert not dialog.sides[1].isHidden()
        QTest.keyClick(dialog, Qt.Key_Up)
        assert dialog.row == 4
        QTest.keyClick(dialog, Qt.Key_K)
        assert widget.decisions.kept[0] == 4
        assert dialog.row == 1
        QTest.keyClick(dialog, Qt.Key_N)
        assert widget.decisions.groups == [[2, 5]]
        assert dialog.row == 5
        QTest.keyClick(dialog, Qt.Key_N)
        assert not dialog.isVisible()
        assert self.get_output(widget.Outputs.duplicates, widget=widget) is None
        self.settle(widget)

    def test_duplicates_of_a_reference(self):
        reference = embedded(self.paths[:2], OF[:2])
        widget = self.open(table=embedded(self.paths[2:], OF[2:]), reference=reference)
        assert widget.decisions.groups == [[5, 2]]
        assert self.rows(widget.Outputs.unique, widget) == [2, 3, 5]
        assert self.rows(widget.Outputs.duplicates, widget) == [4]
        widget.keep(2)  # those of the reference stay
        assert widget.decisions.kept == [5]

    def test_rows_without_a_file_are_told_and_stay(self):
        table = embedded([*self.paths, self.tmp_path / "gone.png", ""], [*OF, 7, 8])
        widget = self.open(table=table)
        assert "2 of 8 images were not compared" in str(widget.Warning.unread)
        assert len(self.get_output(widget.Outputs.unique, widget=widget)) == 6
        assert widget.decisions.groups == [[1, 4], [2, 5]]

    def test_similar_images_only_when_asked_for_with_examples(self):
        of = [0, 1, 2, 3, 1, 2]
        table = embedded(self.paths, of)
        with table.unlocked():
            table.X[3] = table.X[0] + 0.2 * table.X[3]
        widget = self.open(table=table)
        assert len(widget.decisions.groups) == 2
        assert widget.similar_box.isHidden()
        widget.controls.finds_similar.click()
        self.wait_until_finished(widget=widget)
        assert [0, 3] in widget.decisions.groups
        assert not widget.similar_box.isHidden()
        widget.similar_slider.setValue(95)
        assert {str(self.paths[0]), str(self.paths[3])} in map(set, widget.example_pairs.pairs)

    def test_largest_groups_first(self):
        more = shutil.copy(self.paths[2], self.tmp_path / "third.png")
        widget = self.open({"order": "largest"}, embedded([*self.paths, more], [*OF, 2]))
        assert [sorted(group) for group in widget.decisions.groups] == [[2, 5, 6], [1, 4]]

    def test_cancel_and_find_again(self):
        widget = self.create_widget(OWFindDuplicates)
        self.send_signal(widget.Inputs.data, self.table, widget=widget)
        widget.cancel_button.click()
        assert widget.Information.cancelled.is_shown()
        assert self.get_output(widget.Outputs.unique, widget=widget) is None
        widget.cancel_button.click()
        self.wait_until_finished(widget=widget)
        assert len(widget.decisions.groups) == 2

    def test_without_duplicates_data_or_column(self):
        widget = self.open(table=self.table[[0, 1, 3]])
        assert widget.view.hint == NOTHING
        assert len(self.get_output(widget.Outputs.unique, widget=widget)) == 3
        assert self.get_output(widget.Outputs.duplicates, widget=widget) is None
        self.send_signal(widget.Inputs.data, Table("iris"), widget=widget)
        assert widget.Error.no_column.is_shown()
        self.send_signal(widget.Inputs.data, None, widget=widget)
        assert not widget.Error.no_column.is_shown()
        assert self.get_output(widget.Outputs.data, widget=widget) is None
        widget.send_report()

    def test_the_report_tells_counts_and_bytes(self):
        widget = self.open()
        widget.send_report()
        assert "would be saved" in widget.report_html
        assert "Preferred folder" not in widget.report_html  # none is chosen
        assert "1 · 2 images · identical" in widget.report_html

    def test_ten_thousand_groups_are_shown_at_once(self):
        table = embedded(self.paths)
        widget = self.open(table=table)
        decisions = widget.decisions
        looks = decisions.compared.found.likeness.looks
        assert len(looks) == 4
        n = 10_000
        decisions.restore([[1, 4]] * n, [1] * n)
        widget.view.rearrange()
        assert widget.view.images.rowCount() == 2 * n
        widget.view.grab()

    def test_a_failure_is_told(self):
        assert remember_distinct([]) is None
        other = oie.import_images(self.tmp_path / "in").table
        widget = self.open(table=self.table, reference=other[:0])
        assert widget.decisions.groups == []
