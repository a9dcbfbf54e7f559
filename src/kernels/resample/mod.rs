//! Images at other places than those of their pixels: on a regular grid ([`axis`], [`taps`]), or anywhere ([`scattered`],
//! [`points`]).

pub mod axis;
pub mod points;
pub mod scattered;
pub mod taps;
