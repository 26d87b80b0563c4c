//! Pictures as SVG: one path or a few, who comes to what from left to right, and by which statement; and how numbers
//! went over time.
//!
//! What stands on an edge is a box of its own in a layer between, so nothing can lie over anything else. Positions are
//! whole numbers, and text is measured by a table with room to spare, so a picture is the same on every machine and
//! fits with the fonts that are there. It follows the reader's choice of light or dark, and tells in words what it shows.

mod course;
mod layers;
mod place;
mod svg;
mod text;
mod ways;

use thiserror::Error;

pub use self::course::{Course, Panel, draw_course};
pub use self::ways::draw_ways;

/// What is to be drawn.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Picture {
    /// What it shows, in a few words.
    pub title: String,
    /// What is connected.
    pub shapes: Vec<Shape>,
    /// What connects it.
    pub links: Vec<Link>,
}

/// A node of a picture.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Shape {
    /// What it is, such as `role`.
    pub kind: String,
    /// Its name. A long one is shortened in the middle, and kept whole for who points at it.
    pub label: String,
    /// How it stands out.
    pub tone: Tone,
}

/// How a node stands out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tone {
    /// Not at all.
    #[default]
    Plain,
    /// Where paths begin.
    Start,
    /// Where they lead.
    Goal,
}

/// An edge of a picture.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Link {
    /// The number of the shape where it begins.
    pub from: usize,
    /// The number of the shape where it ends.
    pub to: usize,
    /// What stands on it, line by line: the method, the statement.
    pub lines: Vec<String>,
    /// Whether it holds only if a condition does: it is dashed.
    pub only_if: bool,
}

/// Why there is no picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum DrawError {
    /// A link names a shape that is not there.
    #[error("link {link} connects shape {shape}, but there are {shapes} shapes")]
    UnknownShape {
        /// The link, from 0.
        link: usize,
        /// The shape that it names.
        shape: usize,
        /// How many there are.
        shapes: usize,
    },
    /// Nobody could read it.
    #[error(
        "a picture of {shapes} shapes and {links} links is too large: {MAX_SHAPES} and {MAX_LINKS} are the most; ask for fewer paths"
    )]
    TooLarge {
        /// So many shapes.
        shapes: usize,
        /// So many links.
        links: usize,
    },
}

/// How many shapes a picture can have.
pub const MAX_SHAPES: usize = 200;
/// How many links a picture can have.
pub const MAX_LINKS: usize = 400;

/// The picture as an SVG document.
///
/// # Errors
/// A link names a shape that is not there, or there are too many of either.
pub fn draw(picture: &Picture) -> Result<String, DrawError> {
    let (shapes, links) = (picture.shapes.len(), picture.links.len());
    if shapes > MAX_SHAPES || links > MAX_LINKS {
        return Err(DrawError::TooLarge { shapes, links });
    }
    for (number, link) in picture.links.iter().enumerate() {
        if let Some(shape) = [link.from, link.to].into_iter().find(|shape| *shape >= shapes) {
            return Err(DrawError::UnknownShape { link: number, shape, shapes });
        }
    }
    let boxes = svg::boxes(picture);
    let layers = layers::layers(picture);
    let placed = place::place(&layers, &boxes);
    Ok(svg::write(picture, &boxes, &placed))
}
