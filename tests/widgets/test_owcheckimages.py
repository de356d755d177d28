import shutil

import numpy as np
import pytest
from AnyQt.QtCore import QPoint, Qt
from AnyQt.QtTest import QTest
from Orange.data import ContinuousVariable, Domain, StringVariable, Table
from Orange.widgets.io import PngFormat
from Orange.widgets.tests.base import WidgetTest
from PIL import Image

from orangecontrib.imageembedding.checks.rules import CHECKS
from orangecontrib.imageembedding.pipeline import import_images
from orangecontrib.imageembedding.widgets.checks.checklist import COUNT
from orangecontrib.imageembedding.widgets.owcheckimages import OWCheckImages
from orangecontrib.imageembedding.widgets.thumbnails.picture import load_grid

N_EACH = 9


def embedded(images, kinds):
    """Images with a few numbers in place of embeddings, by what they really show."""
    rng = np.random.default_rng(0)
    numbers = 5 * np.eye(2, 30)[kinds] + rng.normal(size=(len(kinds), 30))
    features = [ContinuousVariable(f"n{i}") for i in range(30)]
    old = images.domain
    table = Table.from_numpy(
        Domain(features, old.class_vars, old.metas), numbers, images.Y, images.metas
    )
    table.ids = images.ids
    return table


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two kinds; dog/0.png is dark, cat/wrong.png is a dog."""
    folder = tmp_path_factory.mktemp("animals")
    rng = np.random.default_rng(0)
    for kind in ("cat", "dog"):
        (folder / kind).mkdir()
        for i in range(N_EACH):
            pixels = rng.integers(30, 255, (12, 16, 3), dtype=np.uint8)
            if (kind, i) == ("dog", 0):
                pixels //= 6
            image = Image.fromarray(pixels).resize((160, 120), Image.Resampling.NEAREST)
            image.save(folder / kind / f"{i}.png")
    shutil.move(folder / "dog" / "8.png", folder / "cat" / "wrong.png")
    return folder


class TestOWCheckImages(WidgetTest):
    @pytest.fixture(autouse=True)
    def _images(self, folder):
        self.folder = folder
        self.images = import_images(folder).table
        self.names = [str(row["image"]).split("/")[-2:] for row in self.images]
        self.names = ["/".join(name) for name in self.names]
        self.wrong, self.dark = (self.names.index(n) for n in ("cat/wrong.png", "dog/0.png"))
        kinds = np.array([name.startswith("dog") or "wrong" in name for name in self.names])
        self.data = embedded(self.images, kinds.astype(int))

    def setUp(self):
        self.widget = self.create_widget(OWCheckImages)

    def send(self, data, widget=None):
        widget = widget or self.widget
        self.send_signal(widget.Inputs.data, data, widget=widget)
        self.wait_until_finished(widget=widget)

    def flagged(self, widget=None):
        widget = widget or self.widget
        return self.get_output(widget.Outputs.flagged, widget=widget)

    def flags(self):
        table = self.get_output(self.widget.Outputs.data)
        return [str(row["Flags"]) for row in table]

    def count(self, check_id):
        return self.widget.check_list._items[check_id].text(COUNT)

    def shown(self):
        rows = self.widget.view.images.rows
        return [self.names[row] for row in rows]

    def test_flagged_images_go_out_with_flags_and_reasons(self):
        self.send(self.data)
        flagged = self.flagged()
        flags = {str(row["image"]).split("/")[-1]: str(row["Flags"]) for row in flagged}
        assert set(flags) == {"wrong.png", "0.png"}
        assert flags["wrong.png"] == "label doubtful"
        assert "dark" in flags["0.png"]
        (row,) = (row for row in flagged if str(row["image"]).endswith("wrong.png"))
        assert str(row["Suggested Class"]) == "dog"
        assert "dog rather than cat" in str(row["Reason"])
        everything = self.get_output(self.widget.Outputs.data)
        assert len(everything) == len(self.data)
        assert (everything.ids == self.data.ids).all()
        assert everything[self.dark]["Brightest"] < 0.2
        assert everything.domain.attributes == self.data.domain.attributes

    def test_nothing_goes_in_and_out(self):
        self.send(self.data)
        self.send(None)
        assert self.flagged() is None
        assert self.get_output(self.widget.Outputs.data) is None
        assert self.widget.told_label.text() == ""
        assert self.widget.view.hint

    def test_the_list_tells_counts_and_shows_the_check_that_is_chosen(self):
        self.send(self.data)
        assert (self.count("label doubtful"), self.count("dark")) == ("1", "1")
        assert self.count("leak") == "–"
        assert self.shown()[0] == "cat/wrong.png"
        assert self.widget.title_of(self.wrong).startswith("cat → dog")
        self.widget.check_list.choose("dark")
        assert self.shown()[0] == "dog/0.png"
        assert len(self.shown()) == len(self.data)
        assert self.widget.told_label.text().startswith("Dark: 1 of 18 images, Brightest below")
        self.widget.check_list.choose("leak")
        assert self.shown() == []

    def test_the_bound_moves_by_mouse_and_keys_and_goes_back(self):
        self.send(self.data)
        self.widget.check_list.choose("dark")
        self.widget.resize(900, 700)
        self.widget.show()
        bar = self.widget.threshold
        values = np.sort(self.widget.result.values)
        point = QPoint(round(bar.x_of(values[4] + 1e-3)), 20)
        usual = self.widget.result.bound
        QTest.mouseClick(bar, Qt.LeftButton, Qt.NoModifier, point)
        n_told = int((values < self.widget.result.bound).sum())
        assert self.count("dark") == str(n_told)
        assert n_told > 1
        assert sum("dark" in flags for flags in self.flags()) == n_told
        QTest.keyClick(bar, Qt.Key_Home)
        assert self.count("dark") == "0"
        QTest.keyClick(bar, Qt.Key_PageUp)
        assert self.widget.result.bound > values[0]
        assert self.widget.bounds.keys() == {"dark"}
        self.widget.usual_button.click()
        assert self.widget.result.bound == usual
        assert self.widget.bounds == {}
        assert not self.widget.usual_button.isEnabled()

    def test_thumbnails_along_the_histogram_have_the_values_there(self):
        self.send(self.data)
        self.widget.check_list.choose("bright")
        bar = self.widget.threshold
        bar.resize(700, bar.height())
        assert bar.slots()
        for rect, row in bar.slots():
            value = self.widget.result.values[row]
            assert rect.left() - 4 <= bar.x_of(value) <= rect.right() + 4
            assert bar.row_at(rect.center()) == row

    def test_what_is_not_ticked_gives_no_flags(self):
        self.send(self.data)
        item = self.widget.check_list._items["dark"]
        item.setCheckState(0, Qt.Unchecked)
        assert not any("dark" in flags for flags in self.flags())
        assert "dark" in self.widget.unticked
        settings = self.widget.settingsHandler.pack_data(self.widget)
        again = self.create_widget(OWCheckImages, stored_settings=settings)
        assert "dark" not in again.check_list.ticked
        item.setCheckState(0, Qt.Checked)
        assert any("dark" in flags for flags in self.flags())

    def test_selected_images_go_out_and_are_selected_again_in_the_next_session(self):
        self.send(self.data)
        self.widget.view.select_rows([4, 2])
        assert sorted(self.flagged().ids) == sorted(self.data.ids[[2, 4]])
        assert "Flags" in self.flagged().domain
        self.widget.check_list.choose("dark")  # other checks leave it
        assert len(self.flagged()) == 2
        self.widget.settingsAboutToBePacked.emit()
        settings = self.widget.settingsHandler.pack_data(self.widget)
        again = self.create_widget(OWCheckImages, stored_settings=settings)
        shuffled = self.data[::-1]
        self.send(shuffled, again)
        assert again.check_id == "dark"
        assert sorted(self.flagged(again).ids) == sorted(self.data.ids[[2, 4]])

    def test_a_doubtful_label_shows_witnesses_of_the_suggested_class(self):
        self.send(self.data)
        self.widget.view.set_current(0)
        reason = self.widget.reason
        assert "other images say dog rather than cat" in reason.text
        assert {self.names[row].split("/")[0] for row in reason.rows} == {"dog"}
        assert len(reason.rows) == N_EACH - 1
        self.widget.check_list.choose("dark")
        self.widget.view.set_current(0)
        assert reason.rows == []
        assert "Dark: even the brightest parts are dark" in reason.text

    def test_without_class_and_embeddings_this_is_said(self):
        plain = self.data.transform(Domain(self.data.domain.attributes, (), self.data.domain.metas))
        self.send(plain)
        assert self.widget.Information.no_class.is_shown()
        assert not self.widget.Information.no_embeddings.is_shown()
        assert self.count("label doubtful") == "–"
        assert self.count("dark") == "1"

    def test_images_that_are_gone_are_said_and_not_told(self):
        data = self.data.copy()
        with data.unlocked(data.metas):
            data[3, "image"] = str(self.folder / "gone.png")
        self.send(data)
        assert self.widget.Warning.unread.is_shown()
        assert "gone.png" in str(self.widget.Warning.unread)
        assert self.flags()[3] in ("", "?")
        assert len(self.get_output(self.widget.Outputs.data)) == len(data)

    def test_reference_data_tell_leaks(self):
        same = self.data[[5]]
        self.send_signal(self.widget.Inputs.reference, same)
        self.send(self.data)
        assert self.count("leak") == "1"
        assert "leak" in self.flags()[5]

    def test_no_image_column_is_an_error_and_few_rows_are_none(self):
        self.send(Table("housing"))
        assert self.widget.Error.no_column.is_shown()
        assert self.flagged() is None
        for n in (0, 1, 2):
            self.send(self.data[:n])
            assert not self.widget.Error.active
            assert len(self.get_output(self.widget.Outputs.data) or ()) == n

    def test_cancel_stops_and_check_again_goes_on(self):
        self.send_signal(self.widget.Inputs.data, self.data)
        self.widget.cancel_button.click()
        assert self.widget.Information.cancelled.is_shown()
        assert self.flagged() is None
        self.widget.cancel_button.click()
        self.wait_until_finished()
        assert not self.widget.Information.cancelled.is_shown()
        assert len(self.flagged()) == 2

    def test_a_known_error_is_shown_and_nothing_goes_out(self):
        column = StringVariable("image")
        column.attributes["type"] = "image"
        self.send_signal(self.widget.Inputs.reference, Table("iris"))
        self.send(self.data)
        assert self.widget.Error.failed.is_shown()
        assert self.flagged() is None

    def test_the_report_has_checks_and_images(self):
        self.send(self.data)
        self.widget.send_report()
        html = self.widget.report_html
        assert "Doubtful label" in html
        assert "1 images" in html or "1 image" in html
        assert html.count("<img") == 2

    def test_the_images_can_be_saved_as_a_picture(self):
        self.send(self.data)
        self.widget.resize(800, 600)
        self.widget.show()
        path = self.folder.parent / "picture.png"
        assert load_grid(self.widget.view)
        PngFormat.write(str(path), self.widget.picture)
        with Image.open(path) as image:
            assert np.asarray(image.convert("L")).std() > 5

    def test_the_users_files_are_as_before(self):
        before = {path: path.read_bytes() for path in self.folder.rglob("*.png")}
        self.send(self.data)
        self.flagged(), self.flags()
        assert {path: path.read_bytes() for path in self.folder.rglob("*.png")} == before

    def test_every_check_can_be_shown(self):
        self.send(self.data)
        self.widget.resize(800, 600)
        self.widget.show()
        for check in CHECKS:
            self.widget.check_list.choose(check.id)
            assert not self.widget.grab().isNull()
