//! What the room promises, at its boundary.

mod escalation;
mod estate;
#[cfg(test)]
mod graph;
#[cfg(test)]
mod naive;
#[cfg(test)]
mod reach;
mod support;
