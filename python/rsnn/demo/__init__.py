"""A LeNet trained on real handwritten digits before your eyes: `python -m rsnn.demo`.

| file | what it does |
| --- | --- |
| `data.py` | the 1,797 digits that come with rsnn, or MNIST-like files from a folder |
| `model.py` | LeNet-5, as one writes it |
| `train.py` | the training loop |
| `picture.py` | curves, filters, feature maps and mistakes in one PNG |
| `__main__.py` | the command line |
"""
