//! The quantile function of the standard normal distribution.
//!
//! Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37
//! (1988), 477-484, routine PPND16, which is accurate to about one part in 10^16. In the centre,
//! |p - 1/2| <= 0.425, it is a quotient of two polynomials in plain products and sums, which NumPy gives
//! to the last bit; in the tails it needs the square root of a logarithm, and that is our own.

use super::log_of;

const CENTRE: [[f64; 8]; 2] = [
    [
        3.3871328727963665,
        133.14166789178438,
        1971.5909503065513,
        13731.69376550946,
        45921.95393154987,
        67265.7709270087,
        33430.57558358813,
        2509.0809287301227,
    ],
    [
        1.0,
        42.31333070160091,
        687.1870074920579,
        5394.196021424751,
        21213.794301586597,
        39307.89580009271,
        28729.085735721943,
        5226.495278852854,
    ],
];
const NEAR_TAIL: [[f64; 8]; 2] = [
    [
        1.4234371107496835,
        4.630337846156546,
        5.769497221460691,
        3.6478483247632045,
        1.2704582524523684,
        0.2417807251774506,
        0.022723844989269184,
        0.0007745450142783414,
    ],
    [
        1.0,
        2.053191626637759,
        1.6763848301838038,
        0.6897673349851,
        0.14810397642748008,
        0.015198666563616457,
        0.0005475938084995345,
        1.0507500716444169e-09,
    ],
];
const FAR_TAIL: [[f64; 8]; 2] = [
    [
        6.657904643501103,
        5.463784911164114,
        1.7848265399172913,
        0.29656057182850487,
        0.026532189526576124,
        0.0012426609473880784,
        2.7115555687434876e-05,
        2.0103343992922881e-07,
    ],
    [
        1.0,
        0.599832206555888,
        0.1369298809227358,
        0.014875361290850615,
        0.0007868691311456133,
        1.8463183175100548e-05,
        1.421511758316446e-07,
        2.0442631033899397e-15,
    ],
];

/// The value that a standard normal variable stays below with probability `p`: -inf at 0, inf at 1, and
/// NaN outside.
#[inline(always)] // within a kernel its fused multiply-adds are instructions, outside they are calls
pub fn normal_quantile(p: f64) -> f64 {
    let centred = p - 0.5;
    if centred.abs() <= 0.425 {
        return centred * quotient(CENTRE, 0.180_625 - centred * centred);
    }
    if !(p > 0.0 && p < 1.0) {
        return match p {
            0.0 => f64::NEG_INFINITY,
            1.0 => f64::INFINITY,
            _ => f64::NAN,
        };
    }
    let r = (-log_of(if centred < 0.0 { p } else { 1.0 - p })).sqrt();
    let size = if r <= 5.0 { quotient(NEAR_TAIL, r - 1.6) } else { quotient(FAR_TAIL, r - 5.0) };
    size.copysign(centred)
}

/// Standard normal numbers, each from 32 random bits: the quantile of the middle of one of 2^32 equal parts of
/// (0, 1). In the centre they may differ from [`normal_quantile`] in the last place, as they are fused.
#[inline(always)]
pub fn normal_of_bits<const N: usize>(bits: &[u32; N], target: &mut [f64; N]) {
    let centred = |bits: u32| (f64::from(bits) + 0.5) * 2f64.powi(-32) - 0.5;
    // All as if in the centre, which the compiler does in vectors; then the tails, one in seven.
    for (target, &bits) in target.iter_mut().zip(bits) {
        *target = central(centred(bits));
    }
    for (target, &bits) in target.iter_mut().zip(bits) {
        let centred = centred(bits);
        if centred.abs() > 0.425 {
            *target = normal_quantile(centred + 0.5);
        }
    }
}

/// The quantile of a probability near 1/2, less that, in fused multiply-adds: half the operations.
#[inline(always)]
fn central(centred: f64) -> f64 {
    let x = centred.mul_add(-centred, 0.180_625);
    let [above, below] = CENTRE.map(|c| c.iter().rev().fold(0.0, |sum: f64, &c| sum.mul_add(x, c)));
    centred * (above / below)
}

/// The quotient of two polynomials, the lowest coefficients first.
#[inline(always)]
fn quotient([above, below]: [[f64; 8]; 2], x: f64) -> f64 {
    let [above, below] = [above, below].map(|c| c.iter().rev().fold(0.0, |sum, &c| sum * x + c));
    above / below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_mpmath() {
        let pairs = [
            (0.25, -0.6744897501960817),
            (0.001, -3.0902323061678136),
            (1e-20, -9.262340089798407),
            (0.1, -1.2815515655446004),
            (0.4, -0.2533471031357997),
            (0.074, -1.4466320671589785),
            (0.076, -1.4325027208258116),
            (0.02, -2.053748910631823),
            (1e-5, -4.264890793922825),
            (1.4e-11, -6.656723091518184),
            (1.3e-11, -6.667611456510741),
            (1e-100, -21.273453560965326),
            (1e-300, -37.0470962993612),
            (0.51, 0.025068908258711057),
            (0.9, 1.2815515655446006),
            (0.999, 3.090232306167813),
        ];
        for (p, right) in pairs {
            let error = (normal_quantile(p) / right - 1.0).abs();
            println!("{p:e}: {error:e}");
            assert!(error < 7e-16, "{p:e}: {error:e}");
            if (p - 0.5).abs() <= 0.425 {
                assert!((central(p - 0.5) / right - 1.0).abs() < 7e-16, "{p:e}");
            }
        }
    }

    #[test]
    fn numbers_of_bits_are_quantiles_whatever_the_instruction_set() {
        struct Work([u32; 64]);
        impl crate::simd::Kernel for Work {
            type Output = [f64; 64];
            #[inline(always)]
            fn run<S: crate::simd::Simd>(self, _simd: S) -> [f64; 64] {
                let mut numbers = [0.0; 64];
                normal_of_bits(&self.0, &mut numbers);
                numbers
            }
        }
        let mut bits: [u32; 64] = std::array::from_fn(|i| (i as u32).wrapping_mul(0x9e37_79b9));
        (bits[0], bits[1]) = (0, u32::MAX);
        for set in crate::simd::InstructionSet::available() {
            for (number, bits) in crate::simd::run_on(set, Work(bits)).into_iter().zip(bits) {
                let p = (f64::from(bits) + 0.5) / 2f64.powi(32);
                let quantile = normal_quantile(p);
                let is_central = (p - 0.5).abs() <= 0.425;
                assert_eq!(number, if is_central { central(p - 0.5) } else { quantile });
                // Of the right number they are 2.2 and 2.4 epsilon apart at most (a thousand places, by mpmath).
                assert!((number - quantile).abs() <= 4.6 * f64::EPSILON * quantile.abs());
            }
        }
    }

    #[test]
    fn odd_around_one_half_and_rising() {
        let mut last = f64::NEG_INFINITY;
        for i in 0..=1u32 << 16 {
            let p = f64::from(i) / f64::from(1u32 << 16);
            let value = normal_quantile(p);
            assert_eq!(value, -normal_quantile(1.0 - p));
            assert!(value > last || i == 0);
            last = value;
        }
    }

    #[test]
    fn special_values() {
        assert_eq!(normal_quantile(0.5), 0.0);
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert!([-0.1, 1.1, f64::NAN].iter().all(|&p| normal_quantile(p).is_nan()));
    }
}
