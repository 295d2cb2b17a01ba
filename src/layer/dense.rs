//! A dense layer computes `z = x W + b` and `a = f(z)`; back-propagation turns the gradient by `a` into
//! `delta`, the gradient by `z`, and hands `delta W'` to the layer below (Rumelhart, Hinton and Williams,
//! "Learning representations by back-propagating errors", 1986).

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::activation::{Activation, Kept, PreluRow, PreluRowBackward};
use crate::constraint::Constraint;
use crate::error::{Error, Result, allocate};
use crate::gemm::{
    MatrixMut, Panels, multiply, multiply_batch, multiply_transposed, panel_width, sum_rows, transposed_size,
};
use crate::initializer::Initializer;
use crate::parallel::{RowShard, Team, share};
use crate::random::{Purpose, Stream};
use crate::regularizer::Regularizer;
use crate::simd::{Float, Lanewise, Simd, Vector, lanewise};

use super::{Backward, BiasMode, Forward, Parameter, Passed, Sink, Site, Stage, Tensors, Widths};

/// A dense layer as a configuration describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DenseSpec {
    /// How many nodes it has.
    pub units: usize,
    /// Whether its nodes have a bias.
    pub use_bias: bool,
    /// What its nodes make of their net input.
    pub activation: Activation,
    /// The rule for its initial weights.
    pub kernel_initializer: Initializer,
    /// The rule for its initial biases.
    pub bias_initializer: Initializer,
    /// What its weights cost.
    #[serde(default)]
    pub kernel_regularizer: Option<Regularizer>,
    /// What its biases cost.
    #[serde(default)]
    pub bias_regularizer: Option<Regularizer>,
    /// What its outputs cost, as the mean over the rows of a batch.
    #[serde(default)]
    pub activity_regularizer: Option<Regularizer>,
    /// What the weights that lead to each node are brought back to.
    #[serde(default)]
    pub kernel_constraint: Option<Constraint>,
    /// What its biases are brought back to.
    #[serde(default)]
    pub bias_constraint: Option<Constraint>,
    /// Whether its parameters follow the gradient.
    #[serde(default = "yes")]
    pub trainable: bool,
    /// Which connections there are, row by row: eight in two digits of base 16, the first the highest bit.
    #[serde(default)]
    pub mask: Option<String>,
}

fn yes() -> bool {
    true
}

/// A dense layer in its place. Its parameters stand together in one flat array: biases and weights in
/// [`Panels`], then learned slopes.
#[derive(Clone, Debug)]
pub struct Dense {
    /// What it was built from.
    pub spec: DenseSpec,
    /// The shape of its weights: a row for each node of the layer below.
    pub panels: Panels,
    /// Where its biases and weights are in the flat array.
    pub weights: Range<usize>,
    /// Where its learned slopes are; empty but for PReLU.
    pub alpha: Range<usize>,
    /// Which connections there are, row by row, unless there are all.
    pub mask: Option<Vec<bool>>,
    /// Its number among the layers.
    pub number: usize,
}

impl Dense {
    /// The layer in its place.
    ///
    /// # Errors
    /// Its parameters could not be addressed.
    pub fn new(spec: DenseSpec, site: Site) -> Result<Self> {
        let Site { number, width: inputs, offset } = site;
        let units = spec.units;
        inputs
            .checked_mul(units)
            .filter(|&count| count > 0)
            .and_then(|count| count.checked_add(offset)?.checked_add(2 * units))
            .filter(|&count| count <= isize::MAX as usize / size_of::<f64>())
            .ok_or_else(|| Error::Configuration(format!("layer {number} has an impossible size")))?;
        let alphas = if matches!(spec.activation, Activation::Prelu(_)) { units } else { 0 };
        let panels = Panels { bias: spec.use_bias, rows: inputs, columns: units };
        let weights = offset..offset + panels.size();
        let alpha = weights.end..weights.end + alphas;
        let edges = |text: &String| {
            edges(text, inputs * units).ok_or_else(|| {
                Error::Configuration(format!("the mask of layer {number} is not of {inputs} x {units} bits"))
            })
        };
        let mask = spec.mask.as_ref().map(edges).transpose()?;
        Ok(Self { spec, panels, weights, alpha, mask, number })
    }

    /// How many nodes the layer below has.
    pub fn inputs(&self) -> usize {
        self.panels.rows
    }

    /// Its biases and weights for a product.
    fn weights<'a, T>(&self, parameters: &'a [T]) -> (&'a [T], Panels) {
        (&parameters[self.weights.clone()], self.panels)
    }

    /// As [`Stage::forward`] of one row, the units being shared out to a team.
    pub fn forward_together<S: Simd, T: Float>(
        &self,
        simd: S,
        team: &Team<'_>,
        row: &mut RowShard<'_, T>,
        way: Forward<'_, T>,
    ) {
        let (weights, panels) = self.weights(way.parameters);
        let ([z], [x]) = row.split([self.net_inputs(way.tensors)], [way.input]);
        let (x, width, nonzero) = (x.matrix(), panel_width::<T>(), way.nonzero);
        let bound = |worker| {
            let panels_before = share(panels.columns.div_ceil(width), worker, team.size()).start;
            panels.columns.min(panels_before * width)
        };
        let mut bounds: Vec<usize> = (0..team.size()).map(bound).collect();
        bounds.push(panels.columns);
        let nothing = &mut vec![(); team.size()];
        team.by_parts([&mut z.values[..z.width]], &bounds, nothing, |part, [z], ()| {
            // Some whole panels are a matrix in panels too.
            let some = Panels { columns: part.len(), ..panels };
            let weights = &weights[part.start * panels.stored_rows()..][..some.size()];
            multiply(simd, x, (weights, some), nonzero, MatrixMut::new(z, 1, part.len(), part.len()));
        });
        self.activate(simd, way.parameters, row, way.tensors);
    }

    /// The matrix that its net inputs are computed into.
    fn net_inputs(&self, tensors: Tensors) -> usize {
        match self.spec.activation.kept() {
            Kept::Input => tensors.kept,
            Kept::Output => tensors.output,
        }
    }

    /// Net inputs become activations.
    fn activate<S: Simd, T: Float>(
        &self,
        simd: S,
        parameters: &[T],
        rows: &mut RowShard<'_, T>,
        tensors: Tensors,
    ) {
        let keeps_input = self.spec.activation.kept() == Kept::Input;
        if self.alpha.is_empty() {
            if keeps_input {
                let ([a], [z]) = rows.split([tensors.output], [tensors.kept]);
                a.values.copy_from_slice(z.values);
            }
            self.spec.activation.forward(simd, rows.write(tensors.output));
        } else {
            let ([a], [z]) = rows.split([tensors.output], [tensors.kept]);
            let alpha = &parameters[self.alpha.clone()];
            for (a, z) in a.into_rows().zip(z.iter()) {
                lanewise(simd, &PreluRow, [a], [z, alpha]);
            }
        }
    }
}

impl Dense {
    /// Adds the gradient of the mean penalty of the outputs of `total` rows to that of the loss; through the
    /// activation, if the loss's has passed it.
    fn add_penalty<S: Simd, T: Float>(
        &self,
        simd: S,
        rows: &mut RowShard<'_, T>,
        tensors: Tensors,
        (regularizer, total, fused): (Regularizer, usize, bool),
    ) {
        let ([penalty], [output]) = rows.split([tensors.penalty], [tensors.output]);
        for (penalty, output) in penalty.into_rows().zip(output.iter()) {
            penalty.fill(T::ZERO);
            regularizer.add_slopes(simd, 1.0 / total as f64, output, penalty);
        }
        if fused {
            let ([penalty], [output]) = rows.split([tensors.penalty], [tensors.output]);
            self.spec.activation.backward(simd, penalty, output);
        }
        let ([delta], [penalty]) = rows.split([tensors.delta], [tensors.penalty]);
        for (delta, penalty) in delta.into_rows().zip(penalty.iter()) {
            lanewise(simd, &Sum, [delta], [penalty]);
        }
    }
}

/// The sum of two values.
#[derive(Clone, Copy)]
struct Sum;

impl Lanewise<1, 1> for Sum {
    #[inline(always)]
    fn apply<V: Vector>(&self, [sum]: [V; 1], [term]: [V; 1]) -> [V; 1] {
        [sum.add(term)]
    }
}

/// The bits that a text in base 16 stands for, if they are as many as fill whole bytes.
fn edges(text: &str, count: usize) -> Option<Vec<bool>> {
    let digits = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<Vec<_>>>()?;
    let mut bits: Vec<bool> =
        digits.iter().flat_map(|digit| (0..4).rev().map(move |bit| digit >> bit & 1 == 1)).collect();
    let fits = bits.len() == count.next_multiple_of(8);
    bits.truncate(count);
    fits.then_some(bits)
}

impl Stage for Dense {
    fn width(&self) -> usize {
        self.spec.units
    }

    fn widths(&self, training: bool) -> Widths {
        let units = self.spec.units;
        Widths {
            output: units,
            delta: if training { units } else { 0 },
            kept: if self.spec.activation.kept() == Kept::Input { units } else { 0 },
            slopes: if training { self.alpha.len() } else { 0 },
            penalty: if training && self.spec.activity_regularizer.is_some() { units } else { 0 },
            ..Widths::default()
        }
    }

    fn learns(&self) -> bool {
        self.spec.trainable
    }

    fn activity_regularizer(&self) -> Option<Regularizer> {
        self.spec.activity_regularizer
    }

    fn parameters(&self) -> Range<usize> {
        self.weights.start..self.alpha.end
    }

    fn shapes(&self, bias: BiasMode) -> Vec<Parameter> {
        let units = self.spec.units;
        let (inputs, rows) = (self.inputs(), self.panels.stored_rows());
        let weights = |rows: Range<usize>, shape: Vec<usize>| {
            Parameter::weights(shape, self.weights.start, self.panels, rows)
        };
        let mut shapes = Vec::new();
        match bias {
            BiasMode::Parameter => {
                shapes.push(weights(rows - inputs..rows, vec![inputs, units]));
                if self.spec.use_bias {
                    shapes.push(weights(0..1, vec![units]));
                }
            }
            BiasMode::Embedded => shapes.push(weights(0..rows, vec![rows, units])),
        }
        if !self.alpha.is_empty() {
            shapes.push(Parameter::plain(vec![units], self.alpha.clone()));
        }
        shapes
    }

    fn initialize<T: Float>(&self, seed: u64, parameters: &mut [T]) -> Result<()> {
        let (inputs, units) = (self.inputs(), self.spec.units);
        let rows = self.panels.stored_rows();
        let first = rows - inputs;
        let mut values = allocate(inputs.max(1) * units)?;
        let target = &mut parameters[self.weights.clone()];
        let kernel = Stream::new(seed, Purpose::Kernel, self.number, 0);
        self.spec.kernel_initializer.fill(kernel, inputs, units, &mut values[..inputs * units]);
        for (value, _) in values.iter_mut().zip(self.mask.iter().flatten()).filter(|(_, edge)| !**edge) {
            *value = T::ZERO;
        }
        self.panels.fill_from_row_major(&values[..inputs * units], first..rows, target);
        if self.spec.use_bias {
            let bias = Stream::new(seed, Purpose::Bias, self.number, 0);
            self.spec.bias_initializer.fill(bias, inputs, units, &mut values[..units]);
            self.panels.fill_from_row_major(&values[..units], 0..1, target);
        }
        if let Activation::Prelu(prelu) = self.spec.activation {
            parameters[self.alpha.clone()].fill(T::from_f64(prelu.alpha));
        }
        Ok(())
    }

    /// Net inputs and activations of some rows.
    fn forward<S: Simd, T: Float>(&self, simd: S, rows: &mut RowShard<'_, T>, way: Forward<'_, T>) {
        let ([z], [x]) = rows.split([self.net_inputs(way.tensors)], [way.input]);
        multiply(simd, x.matrix(), self.weights(way.parameters), way.nonzero, z.matrix_mut());
        if !way.fused {
            self.activate(simd, way.parameters, rows, way.tensors);
        }
    }

    /// Turns the gradient by the activations into that by the net inputs, and hands it to the layer below, if
    /// any. Fused, the head has done the first half.
    fn backward<S: Simd, T: Float>(&self, simd: S, rows: &mut RowShard<'_, T>, way: Backward<'_, T>) {
        let Backward { parameters, below, tensors, transposed, fused, total, .. } = way;
        if let Some(regularizer) = self.spec.activity_regularizer {
            self.add_penalty(simd, rows, tensors, (regularizer, total, fused));
        }
        if !fused {
            if self.alpha.is_empty() {
                let kept = match self.spec.activation.kept() {
                    Kept::Output => tensors.output,
                    Kept::Input => tensors.kept,
                };
                let ([delta], [kept]) = rows.split([tensors.delta], [kept]);
                self.spec.activation.backward(simd, delta, kept);
            } else {
                let ([delta, slopes], [z]) = rows.split([tensors.delta, tensors.slopes], [tensors.kept]);
                let alpha = &parameters[self.alpha.clone()];
                for ((delta, slopes), z) in delta.into_rows().zip(slopes.into_rows()).zip(z.iter()) {
                    lanewise(simd, &PreluRowBackward, [delta, slopes], [z, alpha]);
                }
            }
        }
        if let Some(below) = below {
            let ([target], [delta]) = rows.split([below], [tensors.delta]);
            let weights = self.weights(parameters);
            multiply_transposed(simd, delta.matrix(), weights, transposed, target.matrix_mut());
        }
    }

    fn gradients<S: Simd, T: Float>(
        &self,
        simd: S,
        batch: Passed<'_, T>,
        part: Range<usize>,
        gradient: &mut [T],
        sink: &mut impl Sink<T>,
    ) {
        let (input, delta) = (batch.input(), batch.delta());
        let bias = usize::from(self.panels.bias);
        let piece = gradient_rows(batch.rows, self.panels);
        let end = part.end.min(self.weights.end);
        let mut place = part.start.max(self.weights.start);
        while place < end {
            let panel = self.panels.panel_at::<T>(place - self.weights.start);
            let units = panel.columns.len();
            let panel_start = self.weights.start + panel.offset;
            let first = (place - panel_start) / units;
            let inputs = first.saturating_sub(bias);
            // Pieces end where tiles do.
            let last = (inputs - inputs % piece + piece + bias).min(self.panels.stored_rows());
            let last = last.min((end - panel_start) / units);
            let values = &mut gradient[..(last - first) * units];
            let mut weights = &mut values[..];
            if first < bias {
                let (sums, rest) = weights.split_at_mut(units);
                sum_rows(simd, delta, panel.columns.clone(), sums);
                weights = rest;
            }
            let (left, right) = ((input, inputs..last - bias), (delta, panel.columns));
            multiply_batch(simd, left, right, batch.nonzero, weights);
            sink.take(simd, place..place + values.len(), values);
            place += values.len();
        }
        let alpha = self.alpha.start.max(part.start)..self.alpha.end.min(part.end);
        if !alpha.is_empty() {
            let units = alpha.start - self.alpha.start..alpha.end - self.alpha.start;
            let gradient = &mut gradient[..units.len()];
            sum_rows(simd, batch.matrices.get(batch.tensors.slopes, batch.rows), units, gradient);
            sink.take(simd, alpha, gradient);
        }
    }

    fn cut_before<T>(&self, place: usize) -> usize {
        if !self.weights.contains(&place) {
            return place;
        }
        let panel = self.panels.panel_at::<T>(place - self.weights.start);
        let start = self.weights.start + panel.offset;
        let units = panel.columns.len();
        let bias = usize::from(self.panels.bias);
        let inputs = ((place - start) / units).saturating_sub(bias);
        match inputs - inputs % TILE_ROWS {
            0 => start,
            inputs => start + (inputs + bias) * units,
        }
    }

    fn transposed_size<T>(&self) -> usize {
        transposed_size::<T>(self.panels)
    }

    fn gradient_size<T>(&self, rows: usize) -> usize {
        let rows = (gradient_rows(rows, self.panels) + 1).min(self.panels.stored_rows());
        (rows * panel_width::<T>().min(self.spec.units)).max(self.alpha.len())
    }
}

/// A multiple of the rows of every instruction set's tile.
pub const TILE_ROWS: usize = 12;

/// Rows of a batch that a piece of the gradient can be summed over at once.
const MOST_ROWS_AT_ONCE: usize = 2048;

/// Inputs of a piece of the gradient: so many that it stays in a first-level cache until its update; or, for
/// batches that are gone through in parts, all, so that each part is gone through once.
fn gradient_rows(batch: usize, panels: Panels) -> usize {
    if batch <= MOST_ROWS_AT_ONCE { 4 * TILE_ROWS } else { panels.rows.next_multiple_of(TILE_ROWS) }
}
