//! What the room promises, at its boundary.

#[cfg(test)]
mod analysis;
#[cfg(test)]
mod ask;
#[cfg(test)]
mod blast;
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod catalog;
#[cfg(test)]
mod center;
#[cfg(test)]
mod change;
#[cfg(test)]
mod choke;
#[cfg(test)]
mod data;
#[cfg(test)]
mod draw;
#[cfg(test)]
mod effective;
#[cfg(test)]
mod escalation;
#[cfg(test)]
mod estate;
#[cfg(test)]
mod evaluating;
#[cfg(test)]
mod federation;
#[cfg(test)]
mod graph;
#[cfg(test)]
mod joining;
#[cfg(test)]
mod later;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod naive;
#[cfg(test)]
mod news;
#[cfg(test)]
mod opengraph;
#[cfg(test)]
mod permission_set;
#[cfg(test)]
mod reach;
#[cfg(test)]
mod region;
#[cfg(test)]
mod services;
#[cfg(test)]
mod shared_conformance;
#[cfg(test)]
mod shared_iam_vulnerable;
#[cfg(test)]
mod shared_pathfinding;
#[cfg(test)]
mod support;
#[cfg(test)]
mod targets;
#[cfg(test)]
mod tracked;
#[cfg(test)]
mod trust;
#[cfg(test)]
mod truth;
#[cfg(test)]
mod usage;
#[cfg(test)]
mod used_ways;
