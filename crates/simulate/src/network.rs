//! Addresses. All lie in ranges kept for documentation, tests and shared space, so that nobody's network is named.

use crate::organisation::{Account, Class, Member, Organisation};
use crate::random::{Random, Stream, nth};
use crate::words::{HOME_REGIONS, NEW_REGIONS, UNUSED_REGIONS};

/// Networks from which only attackers come.
const ATTACKERS: [&str; 4] = ["203.0.113", "198.51.100", "192.0.2", "203.0.113"];

impl Organisation {
    /// The address behind which the machines of an account in a region are seen.
    pub(crate) fn gateway(&self, account: &Account, region: &str) -> String {
        let place = region_place(region);
        let mut random = Random::of(self.plan.seed, Stream::Address, &[u64::from(account.index), place, 1]);
        // 198.18.16 to 198.19.127.
        let network = 16 + random.below(368);
        format!("198.{}.{}.{}", 18 + network / 256, network % 256, 4 + random.below(248))
    }

    /// The address of a machine within one session, after it has moved so many times.
    pub(crate) fn machine_address(&self, member: Member, region: &str, session: u64, moves: u32) -> String {
        let mut random = Random::of(self.plan.seed, Stream::Address, &[u64::from(member.index), 2]);
        let own = random.bits();
        if moves > 0 {
            let network = 224 + (own >> 16).wrapping_add(u64::from(moves)) % 32;
            return format!("198.19.{network}.{}", own % 250);
        }
        match member.class {
            Class::Function if own.is_multiple_of(2) => {
                let host =
                    Random::of(self.plan.seed, Stream::Address, &[u64::from(member.index), 3, session])
                        .below(250);
                format!("100.126.{}.{host}", region_place(region))
            }
            Class::User => format!("198.19.{}.{}", 160 + own % 32, (own >> 16) % 250),
            Class::Vendor => format!("{}.{}", self.vendor(member.ordinal).network, 10 + own % 4),
            Class::Instance if private(member, own) => {
                format!("10.{}.{}.{}", member.account % 256, own % 256, (own >> 16) % 250)
            }
            _ => self.gateway(self.account_at(member.account), region),
        }
    }

    /// The VPC endpoint through which a machine calls, if it does.
    pub(crate) fn endpoint(&self, member: Member) -> Option<String> {
        let own = Random::of(self.plan.seed, Stream::Address, &[u64::from(member.index), 2]).bits();
        let account = u64::from(member.account) * 0x9e37_79b1;
        private(member, own).then(|| format!("vpce-0{:016x}", account.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// The address of a person's home.
    pub(crate) fn home(&self, person: u32) -> String {
        let own = Random::of(self.plan.seed, Stream::Address, &[u64::from(person), 4]).bits();
        match own % 3 {
            0 => format!("2001:db8:{:x}:1::{:x}", 0x100 + (own >> 8) % 0xf000, 2 + (own >> 40) % 250),
            _ => format!("100.{}.{}.{}", 64 + (own >> 8) % 56, (own >> 24) % 256, (own >> 40) % 250),
        }
    }
}

fn private(member: Member, own: u64) -> bool {
    member.class == Class::Instance && own.is_multiple_of(5)
}

/// An address on the road: a network of its own for each trip.
pub(crate) fn road(trip: u64) -> String {
    format!("100.{}.{}.{}", 120 + trip % 6, (trip >> 8) % 256, (trip >> 16) % 250)
}

/// The address of a hosted runner, another one for each run.
pub(crate) fn runner(run: u64) -> String {
    format!("198.19.{}.{}", 192 + run % 32, (run >> 8) % 250)
}

/// The address of an attacker.
pub(crate) fn attacker(attack: u32) -> String {
    format!("{}.{}", nth(&ATTACKERS, u64::from(attack)), 20 + attack % 200)
}

fn region_place(region: &str) -> u64 {
    let all = HOME_REGIONS.iter().chain(&NEW_REGIONS).chain(&UNUSED_REGIONS);
    all.zip(0_u64..).find(|(name, _)| **name == region).map_or(9, |(_, place)| place)
}
