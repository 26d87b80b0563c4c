//! Names of people, applications, places, regions: all invented, and all in ranges and domains kept for examples.

use crate::random::nth;

/// The domain of the organisation's e-mail addresses.
pub(crate) const DOMAIN: &str = "corp.example";

/// The organisation on the code host.
pub(crate) const CODE_ORG: &str = "corp-example";

const FIRST: [&str; 48] = [
    "ada", "alan", "amara", "ana", "anil", "ben", "bo", "carla", "chen", "chioma", "dana", "david", "elif",
    "emma", "erik", "eva", "farah", "felix", "grace", "hana", "hugo", "ines", "ivan", "jana", "jon", "kai",
    "kofi", "lara", "leo", "lin", "luca", "maya", "mika", "nadia", "nils", "noor", "olga", "omar", "petra",
    "priya", "ravi", "rosa", "sam", "sofia", "tariq", "tess", "yuki", "zoe",
];

const LAST: [&str; 47] = [
    "abebe", "adler", "ahmed", "almeida", "bauer", "berg", "brown", "castro", "chan", "costa", "cruz",
    "dias", "duarte", "evans", "fischer", "garcia", "gupta", "haas", "hansen", "ito", "jansen", "kaya",
    "keller", "khan", "kim", "kowalski", "lee", "lopez", "martin", "mbeki", "meyer", "moreau", "nguyen",
    "novak", "okafor", "olsen", "park", "patel", "perez", "rossi", "santos", "sato", "silva", "singh",
    "tanaka", "weber", "wong",
];

const AREA: [&str; 40] = [
    "orders",
    "billing",
    "search",
    "catalog",
    "ledger",
    "media",
    "parcels",
    "pricing",
    "profile",
    "reviews",
    "stock",
    "tickets",
    "wallet",
    "loyalty",
    "mailing",
    "maps",
    "risk",
    "claims",
    "quotes",
    "offers",
    "returns",
    "invoices",
    "partners",
    "insights",
    "forecast",
    "imports",
    "exports",
    "archive",
    "alerts",
    "audit-log",
    "branding",
    "carts",
    "checkout",
    "coupons",
    "courier",
    "fleet",
    "gateway",
    "identity",
    "images",
    "journal",
];

const PART: [&str; 23] = [
    "api", "ingest", "worker", "sync", "notify", "index", "export", "cleanup", "report", "router", "cache",
    "feed", "batch", "stream", "webhook", "resize", "score", "match", "audit", "publish", "merge", "replay",
    "relay",
];

/// A place where people work.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Site {
    /// Minutes that its clocks are ahead of UTC, all year.
    pub(crate) offset_min: i64,
    /// The first three bytes of the office's address.
    pub(crate) office: &'static str,
    /// The region its people use most.
    pub(crate) region: &'static str,
}

/// The places.
pub(crate) const SITES: [Site; 6] = [
    Site { offset_min: 0, office: "198.18.0", region: "eu-west-1" },
    Site { offset_min: 60, office: "198.18.1", region: "eu-central-1" },
    Site { offset_min: -300, office: "198.18.2", region: "us-east-1" },
    Site { offset_min: 330, office: "198.18.3", region: "eu-west-1" },
    Site { offset_min: -480, office: "198.18.4", region: "us-west-2" },
    Site { offset_min: 480, office: "198.18.5", region: "eu-central-1" },
];

/// Regions in which accounts work from the first day.
pub(crate) const HOME_REGIONS: [&str; 4] = ["us-east-1", "eu-west-1", "eu-central-1", "us-west-2"];

/// Regions into which accounts expand.
pub(crate) const NEW_REGIONS: [&str; 3] = ["us-east-2", "eu-north-1", "ap-southeast-1"];

/// Regions that nobody uses.
pub(crate) const UNUSED_REGIONS: [&str; 3] = ["ap-south-1", "sa-east-1", "ca-central-1"];

/// The e-mail address of a person, which is also the name of the person's sessions.
pub(crate) fn email(person: u32) -> String {
    // 48 and 47 have no common factor: the first 2,256 pairs differ.
    let pairs = (FIRST.len() * LAST.len()) as u64;
    let place = u64::from(person);
    let (first, last) = (nth(&FIRST, place), nth(&LAST, place));
    match place / pairs {
        0 => format!("{first}.{last}@{DOMAIN}"),
        round => format!("{first}.{last}{}@{DOMAIN}", round + 1),
    }
}

/// The name of an application.
pub(crate) fn application(app: u32) -> String {
    let pairs = (AREA.len() * PART.len()) as u64;
    let place = u64::from(app);
    let (area, part) = (nth(&AREA, place), nth(&PART, place));
    match place / pairs {
        0 => format!("{area}-{part}"),
        round => format!("{area}-{part}-{}", round + 1),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{application, email};

    #[test]
    fn names_differ() {
        let emails: BTreeSet<_> = (0..10_000).map(email).collect();
        let applications: BTreeSet<_> = (0..5_000).map(application).collect();
        assert_eq!((emails.len(), applications.len()), (10_000, 5_000));
        assert_eq!(
            (email(0), email(2_256)),
            ("ada.abebe@corp.example".to_owned(), "ada.abebe2@corp.example".to_owned())
        );
    }
}
