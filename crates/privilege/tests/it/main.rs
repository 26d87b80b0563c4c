//! What the room promises, at its boundary.

mod estate;
mod support;
