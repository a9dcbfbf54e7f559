//! The same elements in other places: reversed, rotated, repeated, or only those of a triangle.

mod order;
mod repeat;
mod triangle;

pub use order::{flip, roll};
pub use repeat::{repeat, tile};
pub use triangle::{tril, tril_, triu, triu_};
