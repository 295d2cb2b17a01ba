"""A self-organizing map of handwritten digits: found without a label, then read with them."""

import numpy as np

import nnfast as nn

X, y = nn.datasets.digits()

# 12 x 10 units on a hexagonal grid. Each row's winner draws its neighbours on the grid with it.
som = nn.unsupervised.SelfOrganizingMap(12, 10, topology="hexagonal", training="batch", seed=0)
som.fit(X, epochs=30)
print(f"quantization error {som.quantization_error(X):.3f}, ", end="")
print(f"topographic error {som.topographic_error(X):.1%}")

# The map has not seen a label. Yet most units win the images of one digit only.
labels = som.labels_map(X, y)
print("the digit that each unit wins most often:")
for j in reversed(range(som.y)):
    row = [labels[i, j].most_common(1)[0][0] if (i, j) in labels else "." for i in range(som.x)]
    print(" " * ((som.y - j) % 2 == 0) + " ".join(map(str, row)))
pure = sum(max(counts.values()) for counts in labels.values()) / len(X)
print(f"{pure:.1%} of the images lie on a unit of their own digit")
assert pure > 0.85

# With half a teacher: prototypes of each digit, drawn to its images and pushed from the others.
(X, y), (X_test, y_test) = nn.datasets.split(X, y, test_fraction=0.2, seed=0)
means = np.stack([X[y == digit].mean(axis=0) for digit in range(10)])
nearest = ((X_test[:, np.newaxis] - means) ** 2).sum(axis=2).argmin(axis=1)
model = nn.unsupervised.LearningVectorQuantization(3, seed=0).fit(X, y)
print(f"nearest mean: {np.mean(nearest == y_test):.1%}; GLVQ: {model.score(X_test, y_test):.1%}")
assert model.score(X_test, y_test) > np.mean(nearest == y_test) + 0.03
