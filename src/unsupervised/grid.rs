//! Where the units of a map lie, and how strongly a winner draws those around it.
//!
//! Kohonen, *Self-Organizing Maps* (3rd edition, 2001), chapter 3. Unit `i * y + j` lies at column `i` and
//! row `j`. On a hexagonal grid every second row, the last one among them, is shifted by half a unit, and
//! rows are `sqrt(3) / 2` apart, so that six neighbours are at distance 1.

use serde::Deserialize;

use crate::error::{Error, Result, allocate};
use crate::gemm::panel_width;
use crate::math::exp_not_above_one;
use crate::simd::{Float, Vector, read};

/// How far apart the rows of a hexagonal grid are: half the square root of 3.
const HEXAGONAL_ROWS: f64 = 0.866_025_403_784_438_7;

/// The shape of a grid.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Topology {
    /// Rows and columns.
    Rectangular,
    /// Every second row shifted by half a unit.
    Hexagonal,
}

/// How the influence of a winner falls with the distance on the grid.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Neighborhood {
    /// `exp(-d^2 / (2 sigma^2))`.
    Gaussian,
    /// `exp(-d^2 / (2 sigma^2)) (1 - d^2 / sigma^2)`: beyond sigma units are pushed away.
    MexicanHat,
    /// 1 nearer than sigma (in both directions, on a rectangular grid), else 0.
    Bubble,
    /// `1 - d / sigma`, or 0 (the product of both directions, on a rectangular grid).
    Triangle,
}

/// A map as a configuration describes it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// Units from left to right.
    pub x: usize,
    /// Units from the bottom to the top.
    pub y: usize,
    /// How they lie.
    pub topology: Topology,
    /// How a winner's influence falls.
    pub neighborhood_function: Neighborhood,
    /// Whether the map has no edges: each is joined to the opposite one.
    pub wrap: bool,
}

/// The places of a map's units, filled up to whole panels.
#[derive(Debug)]
pub struct Grid<T> {
    map: Map,
    x: Vec<T>,
    y: Vec<T>,
    /// How wide and high the map is, where it has no edges.
    around: (T, T),
    /// Infinity for the units that only fill the last panel, zero for all others.
    absent: Vec<T>,
    /// The numbers of the units.
    numbers: Vec<T>,
}

/// Sigma, and what follows from it once a step.
#[derive(Clone, Copy, Debug)]
pub struct Spread<T> {
    sigma: T,
    /// What the squares of the distances within sigma are below. On a hexagonal grid those at sigma itself
    /// are only almost its square.
    square: T,
    /// `-1 / (2 sigma^2)`
    exponent: T,
    /// `1 / sigma`
    inverse: T,
}

impl<T: Float> Spread<T> {
    /// All that a width of the neighbourhood says.
    pub fn new(sigma: f64) -> Self {
        let inverse = 1.0 / sigma;
        Self {
            sigma: T::from_f64(sigma),
            square: T::from_f64(sigma * sigma * (1.0 - 1e-5)),
            exponent: T::from_f64(-0.5 * inverse * inverse),
            inverse: T::from_f64(inverse),
        }
    }

    /// `1 - distance / sigma`, or zero.
    #[inline(always)]
    fn slope<V: Vector<Element = T>>(self, distance: V) -> V {
        let one = V::splat(T::ONE);
        V::splat(self.inverse).neg().mul_add(distance, one).max(V::splat(T::ZERO))
    }
}

impl<T: Float> Grid<T> {
    /// The grid of a map of `units` units.
    ///
    /// # Errors
    /// The map has another number of units, or there is no memory.
    pub fn new(map: Map, units: usize) -> Result<Self> {
        if map.x.checked_mul(map.y) != Some(units) || units == 0 {
            return Err(Error::Shape(format!("a map of {} by {} units has not {units}", map.x, map.y)));
        }
        let places = units.next_multiple_of(panel_width::<T>());
        let (mut x, mut y, mut absent, mut numbers) =
            (allocate(places)?, allocate(places)?, allocate(places)?, allocate(places)?);
        let hexagonal = map.topology == Topology::Hexagonal;
        let height = if hexagonal { HEXAGONAL_ROWS } else { 1.0 };
        for unit in 0..places {
            let (column, row) = (unit / map.y, unit % map.y);
            let shift = if hexagonal && (map.y - 1 - row).is_multiple_of(2) { 0.5 } else { 0.0 };
            x[unit] = T::from_f64(column as f64 - shift);
            y[unit] = T::from_f64(row as f64 * height);
            absent[unit] = T::from_f64(if unit < units { 0.0 } else { f64::INFINITY });
            numbers[unit] = T::from_f64(unit as f64);
        }
        let around = (T::from_f64(map.x as f64), T::from_f64(map.y as f64 * height));
        Ok(Self { map, x, y, around, absent, numbers })
    }

    /// How many units there are with those that fill the last panel.
    pub fn places(&self) -> usize {
        self.x.len()
    }

    /// What to add to the distances of the units from `place` on, and their numbers.
    #[inline(always)]
    pub fn marks<V: Vector<Element = T>>(&self, place: usize) -> (V, V) {
        (read(&self.absent[place..]), read(&self.numbers[place..]))
    }

    /// How strongly `winner` draws the units from `place` on.
    #[inline(always)]
    pub fn influence<V: Vector<Element = T>>(&self, winner: usize, spread: Spread<T>, place: usize) -> V {
        let one = V::splat(T::ONE);
        let x = self.along::<V>(&self.x, self.around.0, winner, place);
        let y = self.along::<V>(&self.y, self.around.1, winner, place);
        let square = y.mul_add(y, x.mul(x));
        let hexagonal = self.map.topology == Topology::Hexagonal;
        match self.map.neighborhood_function {
            Neighborhood::Gaussian => exp_not_above_one(square.mul(V::splat(spread.exponent))),
            Neighborhood::MexicanHat => {
                let scaled = square.mul(V::splat(spread.exponent));
                exp_not_above_one(scaled).mul(scaled.mul_add(V::constant(2.0), one))
            }
            Neighborhood::Bubble => {
                let (distance, limit) =
                    if hexagonal { (square, spread.square) } else { (x.max(y), spread.sigma) };
                V::select(distance.less(V::splat(limit)), one, V::splat(T::ZERO))
            }
            Neighborhood::Triangle if hexagonal => spread.slope(square.sqrt()),
            Neighborhood::Triangle => spread.slope(x).mul(spread.slope(y)),
        }
    }

    /// How far units are from the winner along one axis.
    #[inline(always)]
    fn along<V: Vector<Element = T>>(&self, places: &[T], around: T, winner: usize, place: usize) -> V {
        let distance = read::<V>(&places[place..]).sub(V::splat(places[winner])).abs();
        if self.map.wrap { distance.min(V::splat(around).sub(distance)) } else { distance }
    }
}
