//! Each number of detection, switched off, halved and doubled.

use doorward_detect::Settings;
use doorward_model::time::Millis;

/// One way to judge.
pub(crate) struct Variant {
    /// Which number is varied.
    pub(crate) number: &'static str,
    /// How: `off`, `half`, `double`; `as shipped` where nothing is.
    pub(crate) how: &'static str,
    /// What the number is then.
    pub(crate) value: Option<u64>,
    pub(crate) settings: Settings,
}

/// A number that can be varied.
struct Number {
    name: &'static str,
    /// The value that takes its effect away, where there is one.
    off: Option<u64>,
    read: fn(&Settings) -> u64,
    write: fn(&mut Settings, u64),
}

/// What ships with some numbers set anew (`floor_milli=20000,peer_events=10`), then one number at a time.
pub(crate) fn variants(set: Option<&str>) -> Vec<Variant> {
    let mut settings = Settings::default();
    for (name, value) in set.into_iter().flat_map(|set| set.split(',')).filter_map(|one| one.split_once('='))
    {
        let number = numbers().into_iter().find(|number| number.name == name).unwrap();
        (number.write)(&mut settings, value.parse().unwrap());
    }
    let mut variants = vec![Variant { number: "", how: "as shipped", value: None, settings }];
    for number in numbers() {
        let shipped = (number.read)(&settings);
        let ways = [("off", number.off), ("half", Some(shipped / 2)), ("double", Some(shipped * 2))];
        for (how, value) in ways.into_iter().filter_map(|(how, value)| Some((how, value?))) {
            let mut settings = settings;
            (number.write)(&mut settings, value);
            variants.push(Variant { number: number.name, how, value: Some(value), settings });
        }
    }
    variants
}

/// A number of `Parameters` by its field.
macro_rules! number {
    ($($field:ident).+, off: $off:expr) => {
        Number {
            name: stringify!($($field).+),
            off: $off,
            read: |settings| u64::from(settings.parameters.$($field).+),
            write: |settings, value| {
                settings.parameters.$($field).+ = value.try_into().unwrap();
            },
        }
    };
}

fn numbers() -> Vec<Number> {
    vec![
        Number {
            name: "cases_per_day",
            off: None,
            read: |settings| u64::from(settings.cases_per_day),
            write: |settings, value| settings.cases_per_day = value.try_into().unwrap(),
        },
        number!(floor_milli, off: Some(0)),
        number!(peer_events, off: Some(1)),
        number!(tenant_members, off: Some(0)),
        number!(normal_days, off: Some(1)),
        number!(newcomer_percent, off: Some(100)),
        number!(bits_min_milli, off: Some(0)),
        number!(bits_max_milli, off: Some(u64::from(u32::MAX))),
        number!(weights.look, off: Some(0)),
        number!(weights.change, off: Some(0)),
        number!(weights.reach, off: Some(0)),
        number!(weights.grant, off: Some(0)),
        number!(weights.breadth_percent, off: Some(0)),
        number!(weights.drift, off: Some(0)),
        number!(weights.place_percent, off: Some(0)),
        number!(weights.place_min, off: Some(0)),
        number!(weights.person_place, off: Some(0)),
        number!(warm_up_days, off: Some(0)),
        number!(leak_minutes, off: Some(0)),
        number!(growth_percent, off: Some(0)),
        number!(home_networks_max, off: Some(u64::from(u32::MAX))),
        number!(shared_network_min, off: Some(u64::from(u32::MAX))),
        Number {
            name: "two_networks_within",
            off: Some(0),
            read: |settings| settings.parameters.two_networks_within.0.try_into().unwrap(),
            write: |settings, value| {
                settings.parameters.two_networks_within = Millis(value.try_into().unwrap());
            },
        },
    ]
}
