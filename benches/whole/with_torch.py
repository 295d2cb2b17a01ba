"""MNIST with PyTorch, from import to accuracy: `with_torch.py DATA EPOCHS BATCH`."""

import sys

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

path, epochs, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
data = np.load(path)
x, x_test = (torch.from_numpy(data[name].astype(np.float32) / 255) for name in ("x", "x_test"))
y, y_test = (torch.from_numpy(data[name]) for name in ("y", "y_test"))

torch.manual_seed(0)
net = nn.Sequential(
    nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)
)
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
for _ in range(epochs):
    for rows in torch.randperm(len(x)).split(batch):
        optimizer.zero_grad()
        cross_entropy(net(x[rows]), y[rows]).backward()
        optimizer.step()
with torch.inference_mode():
    print((net(x_test).argmax(dim=1) == y_test).double().mean().item())
