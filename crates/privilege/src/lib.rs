//! Policy documents and inventory into what every identity could do, and where that leads.
//!
//! All policies of a principal are evaluated together, in three values: allowed, denied, or allowed only if a condition
//! holds. From that come the edges of the identity graph (who can become whom), and from the graph come paths, reach,
//! blast radius and choke points. Escalation methods and the list of known permissions are data.
//!
//! Nothing here reads files or knows the log: rows of the inventory come in, answers go out. What does not parse makes
//! the answers that depend on it unknown, never allowed. Start reading at `document.rs`, then `evaluate.rs`.

pub mod analysis;
pub mod answers;
pub mod atlas;
pub mod blast;
pub mod catalog;
pub mod change;
pub mod choke;
pub mod condition;
pub mod conform;
pub mod derived;
pub mod document;
pub mod draw;
pub mod effective;
pub mod escalation;
pub mod estate;
pub mod evaluate;
pub mod federation;
pub mod graph;
pub mod interest;
pub mod level;
pub mod measure;
pub mod news;
pub mod opengraph;
pub mod pattern;
pub mod permission_set;
pub mod questions;
pub mod rating;
pub mod reach;
pub mod region;
pub mod request;
pub mod sets;
mod shared;
pub mod targets;
pub mod truth;
pub mod usage;
mod variables;
