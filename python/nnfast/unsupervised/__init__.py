"""Learning without a teacher, or with half of one.

Each method is a class with `fit`; what it has learned is in attributes that end with an underscore.
"""

from nnfast.unsupervised._association import Hopfield, LinearAssociator
from nnfast.unsupervised._autoencoder import Autoencoder
from nnfast.unsupervised._boltzmann import BernoulliRBM
from nnfast.unsupervised._delta import DeltaRule
from nnfast.unsupervised._hebbian import Hebb, Oja, Sanger
from nnfast.unsupervised._method import load
from nnfast.unsupervised.competitive import CompetitiveLearning
from nnfast.unsupervised.lvq import LearningVectorQuantization
from nnfast.unsupervised.maps import SelfOrganizingMap

__all__ = [
    "Autoencoder",
    "BernoulliRBM",
    "CompetitiveLearning",
    "DeltaRule",
    "Hebb",
    "Hopfield",
    "LearningVectorQuantization",
    "LinearAssociator",
    "Oja",
    "Sanger",
    "SelfOrganizingMap",
    "load",
]
