"""Pictures of a training run and of what it learned, drawn with matplotlib.

matplotlib is an optional dependency (``pip install 'nnfast[plot]'``) and is imported when a picture
is drawn. Each function draws on the axes it is given, or on a new figure of its own, and returns
the axes; none opens a window or touches matplotlib's global state. To keep a picture::

    axes = nn.plot.learning_curves(history)
    axes.figure.savefig("loss.png")
"""

from nnfast.plot._activations import activations
from nnfast.plot._architecture import architecture
from nnfast.plot._autoencoder import codes, reconstructions
from nnfast.plot._boundary import decision_boundary
from nnfast.plot._confusion import confusion_matrix
from nnfast.plot._curves import learning_curves
from nnfast.plot._growth import BoundaryRecorder
from nnfast.plot._layers import gradient_flow, saturation
from nnfast.plot._maps import component_plane, distance_map, hit_map, label_map
from nnfast.plot._memory import hopfield_energy, images, recall
from nnfast.plot._range import learning_rate_range
from nnfast.plot._rates import learning_rate_curve
from nnfast.plot._reliability import reliability_curve
from nnfast.plot._roc import roc_curve
from nnfast.plot._svg import architecture_svg
from nnfast.plot._weights import first_layer_weights

__all__ = [
    "BoundaryRecorder",
    "activations",
    "architecture",
    "architecture_svg",
    "codes",
    "component_plane",
    "confusion_matrix",
    "decision_boundary",
    "distance_map",
    "first_layer_weights",
    "gradient_flow",
    "hit_map",
    "hopfield_energy",
    "images",
    "label_map",
    "learning_curves",
    "learning_rate_curve",
    "learning_rate_range",
    "recall",
    "reconstructions",
    "reliability_curve",
    "roc_curve",
    "saturation",
]
