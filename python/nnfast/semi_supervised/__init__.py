"""Learning from many rows of which few are labelled: the others carry the label -1.

Each method is given a network with a softmax output, and has `fit` and `predict_classes`.

>>> import nnfast as nn
>>> X, y = nn.datasets.digits()
>>> few = y.copy()
>>> few[200:] = -1  # their labels are not known
>>> net = nn.FeedForward("64-64-10", output="softmax", seed=0)
>>> model = nn.semi_supervised.SelfTraining(net, threshold=0.95).fit(X, few, epochs=60)
>>> bool((model.predict_classes(X) == y).mean() > 0.8)
True
"""

from nnfast.semi_supervised._mean_teacher import MeanTeacher
from nnfast.semi_supervised._pseudo_label import PseudoLabel
from nnfast.semi_supervised._self_training import SelfTraining

__all__ = ["MeanTeacher", "PseudoLabel", "SelfTraining"]
