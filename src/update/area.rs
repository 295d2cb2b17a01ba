//! What holds for which parameters: where arrays of weights lie in the flat array, with their regularizers,
//! constraints and masks.
//!
//! Sums over weights or their gradients (penalties, norms) have one written order, whatever the number of
//! threads and the size of a batch: an array is cut into *runs*, which begin and end where tiles do, so that
//! no piece of a gradient ever cuts one; each run is summed by itself, and then the runs, in order.

use std::ops::Range;

use crate::buffer::Buffer;
use crate::constraint::Constraint;
use crate::error::Result;
use crate::gemm::Panels;
use crate::layer::{Dense, Layer, Stage, TILE_ROWS};
use crate::network::Network;
use crate::regularizer::Regularizer;
use crate::simd::{Float, Lanewise, Simd, Vector, lanewise};

/// What holds for one of a layer's arrays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms {
    /// The array's number in the network.
    pub array: usize,
    /// What its values cost.
    pub regularizer: Option<Regularizer>,
    /// What it is brought back to.
    pub constraint: Option<Constraint>,
}

/// A part of the flat array: a layer's kernel with its biases, or an array that lies as it is.
#[derive(Debug)]
pub struct Area<T> {
    /// Where it is.
    pub range: Range<usize>,
    /// How a kernel lies; none for an array that lies as it is.
    pub panels: Option<Panels>,
    /// What holds for the kernel, or for the array.
    pub kernel: Terms,
    /// What holds for the biases.
    pub bias: Terms,
    /// All bits set where there is a connection, none where there is not; empty if there are all.
    mask: Buffer<T>,
}

/// Values that are summed by themselves.
#[derive(Clone, Debug)]
pub struct Run {
    /// Where they are in the flat array.
    pub range: Range<usize>,
    /// What holds for them.
    pub terms: Terms,
    /// Whether they are always summed together. An array that lies as it is may be cut anywhere.
    pub is_whole: bool,
}

/// All parts of the flat array that learn, in order.
#[derive(Debug)]
pub struct Areas<T> {
    areas: Vec<Area<T>>,
    /// How many arrays they hold.
    pub arrays: usize,
    /// Whether any array has a regularizer.
    pub regularized: bool,
    /// Whether any array has a constraint.
    pub constrained: bool,
    /// Whether any array has a mask.
    pub masked: bool,
}

impl<T: Float> Areas<T> {
    /// Those of a network.
    ///
    /// # Errors
    /// There is no memory for masks.
    pub fn new(network: &Network) -> Result<Self> {
        let (mut areas, mut numbers) = (Vec::new(), 0..usize::MAX);
        let mut number = || numbers.next().expect("fewer arrays than numbers");
        let plain = |range: Range<usize>, array| Area {
            range,
            panels: None,
            kernel: Terms { array, ..Terms::default() },
            bias: Terms::default(),
            mask: Buffer::zeros(0).expect("nothing is asked for"),
        };
        for layer in network.layers().iter().filter(|layer| layer.learns()) {
            match layer {
                Layer::Dense(dense) => {
                    areas.push(Area::of(dense, number(), number())?);
                    if !dense.alpha.is_empty() {
                        areas.push(plain(dense.alpha.clone(), number()));
                    }
                }
                other => {
                    let ranges = other.learned().into_iter().filter_map(|one| one.lies());
                    areas.extend(ranges.map(|range| plain(range, number())));
                }
            }
        }
        let terms = || areas.iter().flat_map(|area| [area.kernel, area.bias]);
        let regularized = terms().any(|terms| terms.regularizer.is_some());
        let constrained = terms().any(|terms| terms.constraint.is_some());
        let masked = areas.iter().any(|area| !area.mask.is_empty());
        Ok(Self { areas, arrays: numbers.start, regularized, constrained, masked })
    }

    /// The runs of a range, which begins and ends where runs do.
    pub fn runs(&self, range: Range<usize>) -> impl Iterator<Item = Run> + '_ {
        self.within(range).flat_map(|(area, part)| {
            let mut place = part.start;
            std::iter::from_fn(move || {
                (place < part.end).then(|| {
                    let run = area.run(place, part.end);
                    place = run.range.end;
                    run
                })
            })
        })
    }

    /// Takes away, from values of a range such as its weights or gradients, what belongs to no connection.
    pub fn mask<S: Simd>(&self, simd: S, range: Range<usize>, values: &mut [T]) {
        for (area, part) in self.within(range.clone()).filter(|(area, _)| !area.mask.is_empty()) {
            let mask = &area.mask[part.start - area.range.start..part.end - area.range.start];
            lanewise(simd, &Both, [&mut values[part.start - range.start..part.end - range.start]], [mask]);
        }
    }

    /// Whether anything holds for any array.
    pub fn are_special(&self) -> bool {
        self.regularized || self.constrained || self.masked
    }

    /// Whether what lies at a place is constrained.
    pub fn is_constrained(&self, place: usize) -> bool {
        self.constrained && self.constrained().any(|area| area.range.contains(&place))
    }

    fn constrained(&self) -> impl Iterator<Item = &Area<T>> {
        self.areas.iter().filter(|area| area.kernel.constraint.is_some() || area.bias.constraint.is_some())
    }

    /// The panels of constrained kernels in a part, which is of whole panels; with the constraint, and the rows
    /// and columns at their end that it is for.
    #[allow(clippy::type_complexity)]
    pub fn constrained_panels(
        &self,
        part: Range<usize>,
    ) -> impl Iterator<Item = (Range<usize>, Option<(Constraint, (usize, usize))>)> {
        self.constrained().flat_map(move |area| {
            let panels = area.panels.expect("only kernels and biases are constrained");
            let part = area.range.start.max(part.start)..area.range.end.min(part.end);
            let mut place = part.start;
            std::iter::from_fn(move || {
                (place < part.end).then(|| {
                    let units = panels.panel_at::<T>(place - area.range.start).columns.len();
                    let range = place..place + panels.stored_rows() * units;
                    place = range.end;
                    (range, area.kernel.constraint.map(|constraint| (constraint, (panels.rows, units))))
                })
            })
        })
    }

    /// Brings biases back to their constraints; a layer's biases are one vector, whose length it is.
    pub fn constrain_biases<S: Simd>(&self, simd: S, parameters: &mut [T], room: &mut Vec<T>) {
        for area in self.constrained() {
            let (Some(constraint), Some(panels)) = (area.bias.constraint, area.panels) else { continue };
            let values = &mut parameters[area.range.clone()];
            let places = || {
                let column = move |column| panels.panel_of::<T>(column);
                (0..panels.columns)
                    .map(column)
                    .zip(0..)
                    .map(|(panel, column)| panel.offset + column - panel.columns.start)
            };
            room.clear();
            room.extend(places().map(|place| values[place]));
            constraint.columns(simd, room, 1);
            places().zip(&*room).for_each(|(place, &value)| values[place] = value);
        }
    }

    /// Parts the flat array between `workers` where no panel that is constrained is cut.
    pub fn part_panels(&self, size: usize, workers: usize, bounds: &mut Vec<usize>) {
        if bounds.len() == workers + 1 {
            return;
        }
        bounds.clear();
        bounds.extend((0..=workers).map(|worker| {
            let place = size * worker / workers;
            let area = self.constrained().find(|area| area.range.contains(&place));
            let panel = |area: &Area<T>| {
                let panels = area.panels.expect("only kernels and biases are constrained");
                area.range.start + panels.panel_at::<T>(place - area.range.start).offset
            };
            area.map_or(place, panel)
        }));
    }

    /// The areas that a range touches, and which part of it each does.
    fn within(&self, range: Range<usize>) -> impl Iterator<Item = (&Area<T>, Range<usize>)> {
        let part = move |area: &Area<T>| area.range.start.max(range.start)..area.range.end.min(range.end);
        self.areas.iter().map(move |area| (area, part(area))).filter(|(_, part)| !part.is_empty())
    }
}

impl<T: Float> Area<T> {
    fn of(dense: &Dense, kernel: usize, bias: usize) -> Result<Self> {
        let spec = &dense.spec;
        let mut mask = Buffer::zeros(0)?;
        if let Some(edges) = &dense.mask {
            mask = Buffer::zeros(dense.weights.len())?;
            let all = T::from_bits(u64::MAX);
            mask.fill(all);
            let rows = dense.panels.stored_rows();
            let edges: Vec<T> = edges.iter().map(|&edge| if edge { all } else { T::ZERO }).collect();
            dense.panels.fill_from_row_major(&edges, rows - dense.inputs()..rows, &mut mask);
        }
        Ok(Self {
            range: dense.weights.clone(),
            panels: Some(dense.panels),
            kernel: Terms {
                array: kernel,
                regularizer: spec.kernel_regularizer,
                constraint: spec.kernel_constraint,
            },
            bias: Terms { array: bias, regularizer: spec.bias_regularizer, constraint: spec.bias_constraint },
            mask,
        })
    }

    /// The run that begins at a place; that of an array that lies as it is ends at `end`.
    fn run(&self, place: usize, end: usize) -> Run {
        let Some(panels) = self.panels else {
            return Run { range: place..end, terms: self.kernel, is_whole: false };
        };
        let panel = panels.panel_at::<T>(place - self.range.start);
        let (start, units) = (self.range.start + panel.offset, panel.columns.len());
        let (row, bias) = ((place - start) / units, usize::from(panels.bias));
        if row < bias {
            return Run { range: place..start + units, terms: self.bias, is_whole: true };
        }
        let input = row - bias;
        let last = (input - input % TILE_ROWS + TILE_ROWS).min(panels.rows) + bias;
        Run { range: place..start + last * units, terms: self.kernel, is_whole: true }
    }
}

/// The bits that both have.
#[derive(Clone, Copy)]
struct Both;

impl Lanewise<1, 1> for Both {
    #[inline(always)]
    fn apply<V: Vector>(&self, [value]: [V; 1], [mask]: [V; 1]) -> [V; 1] {
        [value.and_bits(mask)]
    }
}
