//! The promises of the simulator.

mod bytes;
mod noise;
mod records;
