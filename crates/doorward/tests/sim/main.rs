//! The whole system without its doors: stories that are written down, and random ones from seeds.
#![cfg(test)]

mod cuts;
mod disk;
mod perimeter;
mod scenarios;
mod seeds;
