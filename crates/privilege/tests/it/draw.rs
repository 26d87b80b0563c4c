//! Pictures: some as they are, and what holds of all.

use doorward_model::time::{Millis, Time};
use doorward_privilege::draw::{
    Course, DrawError, Link, MAX_LINKS, MAX_SHAPES, Panel, Picture, Shape, Tone, draw, draw_course,
};
use insta::assert_snapshot;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::{prop_assert, prop_assert_eq, proptest};

fn shape(kind: &str, label: &str, tone: Tone) -> Shape {
    Shape { kind: kind.to_owned(), label: label.to_owned(), tone }
}

fn link(from: usize, to: usize, lines: &[&str], only_if: bool) -> Link {
    Link { from, to, lines: lines.iter().map(|line| (*line).to_owned()).collect(), only_if }
}

fn one_path() -> Picture {
    Picture {
        title: "How ci-deploy becomes administrator".to_owned(),
        shapes: vec![
            shape("user", "ci-deploy", Tone::Start),
            shape("role", "build-runner", Tone::Plain),
            shape("function", "nightly-report", Tone::Plain),
            shape("administrator", "platform-admin", Tone::Goal),
        ],
        links: vec![
            link(0, 1, &["sts:AssumeRole", "trust policy, statement 1"], false),
            link(1, 2, &["lambda:UpdateFunctionCode", "inline policy deploy, statement Deploy"], true),
            link(2, 3, &["runs as"], false),
        ],
    }
}

fn several_paths() -> Picture {
    Picture {
        title: "Three ways from contractor to the production key".to_owned(),
        shapes: vec![
            shape("user", "contractor", Tone::Start),
            shape("group", "developers", Tone::Plain),
            shape("role", "read-only-audit-across-all-accounts-of-the-organisation", Tone::Plain),
            shape("role", "data-pipeline", Tone::Plain),
            shape("any principal of the account", "111122223333", Tone::Plain),
            shape("role", "break-glass", Tone::Plain),
            shape("key", "alias/production", Tone::Goal),
        ],
        links: vec![
            link(0, 1, &["member of"], false),
            link(1, 2, &["sts:AssumeRole", "managed policy DeveloperAccess, statement 4"], false),
            link(
                1,
                3,
                &["iam:PassRole", "glue:CreateJob", "managed policy DeveloperAccess, statement 7"],
                false,
            ),
            link(0, 4, &["sts:AssumeRole on *"], false),
            link(4, 5, &["trust policy: account root"], true),
            link(
                2,
                6,
                &[
                    "kms:Decrypt",
                    "key policy, statement Allow use of the key by everybody in the audit department",
                ],
                true,
            ),
            link(3, 6, &["kms:Decrypt"], false),
            link(5, 6, &["kms:PutKeyPolicy"], false),
            link(5, 1, &["iam:AddUserToGroup"], false),
            link(5, 4, &["in the account"], false),
        ],
    }
}

#[test]
fn one_path_is_drawn_from_left_to_right() {
    assert_snapshot!(draw(&one_path()).unwrap());
}

#[test]
fn several_paths_share_what_they_have_in_common_and_a_way_back_is_drawn_back() {
    assert_snapshot!(draw(&several_paths()).unwrap());
}

#[test]
fn nothing_is_a_picture_too() {
    assert_snapshot!(draw(&Picture::default()).unwrap());
}

#[test]
fn text_of_others_is_shown_and_never_obeyed() {
    let picture = Picture {
        title: "</title><script>alert(1)</script>".to_owned(),
        shapes: vec![shape("role\u{0}", "a\u{202e}b & \"c\"\nd 日本", Tone::Goal)],
        links: vec![link(0, 0, &["<a href='javascript:1'>", "", "2", "3", "4", "5", "6", "7"], true)],
    };
    assert_snapshot!(draw(&picture).unwrap());
}

#[test]
fn what_cannot_be_drawn_says_why() {
    let mut picture = one_path();
    picture.links.push(link(0, 4, &[], false));
    let refused = draw(&picture).unwrap_err();
    assert_eq!(refused.to_string(), "link 3 connects shape 4, but there are 4 shapes");
    picture.shapes = vec![Shape::default(); MAX_SHAPES + 1];
    assert_eq!(draw(&picture), Err(DrawError::TooLarge { shapes: 201, links: 4 }));
    picture.shapes.pop();
    picture.links = vec![Link::default(); MAX_LINKS + 1];
    assert_eq!(draw(&picture), Err(DrawError::TooLarge { shapes: 200, links: 401 }));
}

fn panel(name: &str, unit: &str, points: &[(Time, u64)]) -> Panel {
    Panel { name: name.to_owned(), unit: unit.to_owned(), points: points.to_vec() }
}

#[test]
fn numbers_over_time_are_drawn_one_below_the_other() {
    let day = |days: i64| Time::parse("2026-01-01T06:00:00Z").unwrap() + Millis::DAY.times(days);
    // The newest first, as a trend lists them.
    let administrators = [(day(4), 7_000), (day(3), 12_000), (day(1), 12_000), (day(0), 3_000)];
    let panels = vec![
        panel("administrators", "", &administrators),
        panel("blast radii together", "%", &[(day(2), 61_240)]),
        panel("<never & \u{202e}>", "", &[]),
    ];
    assert_snapshot!(draw_course(&Course { title: "What was possible".to_owned(), panels }));
    assert_snapshot!(draw_course(&Course::default()));
}

fn pictures() -> impl Strategy<Value = Picture> {
    let text = || prop_oneof![any::<String>(), "[a-z:/*<&\"' ]{0,80}"];
    let tone = select(&[Tone::Plain, Tone::Start, Tone::Goal][..]);
    let shape = (text(), text(), tone).prop_map(|(kind, label, tone)| Shape { kind, label, tone });
    (text(), vec(shape, 1..12)).prop_flat_map(move |(title, shapes)| {
        let link = (0..shapes.len(), 0..shapes.len(), vec(text(), 0..9), any::<bool>());
        let link = link.prop_map(|(from, to, lines, only_if)| Link { from, to, lines, only_if });
        vec(link, 0..18).prop_map(move |links| Picture {
            title: title.clone(),
            shapes: shapes.clone(),
            links,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_number_is_drawn_beside_its_panel(
        title in any::<String>(),
        panels in vec((any::<String>(), vec((any::<i64>(), any::<u64>()), 0..20)), 0..5),
    ) {
        let points = |points: &[(i64, u64)]| points.iter().map(|(at, value)| (Time::from_ms(*at), *value)).collect();
        let panels: Vec<Panel> = panels
            .iter()
            .map(|(name, own)| Panel { name: name.clone(), unit: "%".to_owned(), points: points(own) })
            .collect();
        let count = panels.len();
        let svg = draw_course(&Course { title, panels });
        prop_assert_eq!(ill_formed(&svg), None, "{}", svg);
        let ways: Vec<&str> = svg.lines().filter(|line| line.contains("class=\"course\"")).collect();
        prop_assert!(ways.len() <= count);
        for way in ways {
            let numbers = way.split(|c: char| !c.is_ascii_digit()).filter_map(|text| text.parse::<i64>().ok());
            let numbers: Vec<i64> = numbers.collect();
            prop_assert!(!way.contains('-'), "{}", way);
            for place in numbers.chunks(2) {
                prop_assert!((72..=736).contains(&place[0]) && (80..=600).contains(&place[1]), "{}", way);
            }
        }
    }

    #[test]
    fn nothing_lies_over_anything_else_whatever_is_drawn(picture in pictures()) {
        let svg = draw(&picture).unwrap();
        prop_assert_eq!(&svg, &draw(&picture).unwrap());
        prop_assert_eq!(ill_formed(&svg), None, "{}", svg);
        let all = rectangles(&svg);
        let (paper, boxes) = all.split_first().unwrap();
        prop_assert_eq!(boxes.len(), picture.shapes.len() + picture.links.len());
        for (number, one) in boxes.iter().enumerate() {
            prop_assert!(one.inside(paper), "{:?} is not on the paper of {:?}", one, paper);
            for other in boxes.iter().skip(number + 1) {
                prop_assert!(!one.overlaps(other), "{:?} and {:?}\n{}", one, other, svg);
            }
        }
    }
}

#[derive(Debug)]
struct Rectangle {
    x: i64,
    y: i64,
    width: i64,
    height: i64,
}

impl Rectangle {
    fn overlaps(&self, other: &Self) -> bool {
        self.x < other.x + other.width
            && other.x < self.x + self.width
            && self.y < other.y + other.height
            && other.y < self.y + self.height
    }

    fn inside(&self, other: &Self) -> bool {
        self.x >= other.x
            && self.y >= other.y
            && self.x + self.width <= other.x + other.width
            && self.y + self.height <= other.y + other.height
    }
}

fn rectangles(svg: &str) -> Vec<Rectangle> {
    let tags = svg.lines().filter(|line| line.starts_with("<rect "));
    tags.map(|tag| {
        let number = |name: &str| {
            let start = format!(" {name}=\"");
            tag.split_once(&start).map_or(0, |(_, rest)| rest.split('"').next().unwrap().parse().unwrap())
        };
        Rectangle { x: number("x"), y: number("y"), width: number("width"), height: number("height") }
    })
    .collect()
}

/// What is wrong with a text as XML, of the part of it that pictures use: elements, quoted attributes, five entities.
fn ill_formed(text: &str) -> Option<String> {
    let allowed = |character: char| {
        matches!(character, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
            && character != '\u{7f}'
    };
    if let Some(character) = text.chars().find(|character| !allowed(*character)) {
        return Some(format!("the character {character:?}"));
    }
    let entities = ["amp;", "lt;", "gt;", "quot;", "apos;"];
    let strange =
        text.split('&').skip(1).find(|rest| entities.iter().all(|entity| !rest.starts_with(entity)));
    if let Some(rest) = strange {
        return Some(format!("the entity &{rest}"));
    }
    let mut open = Vec::new();
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        if before.contains('>') || (open.is_empty() && !before.trim().is_empty()) {
            return Some(format!("the text {before}"));
        }
        let Some((tag, after)) = tag.split_once('>') else { return Some(format!("the end of <{tag}")) };
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Some(format!("the end of {name}"));
            }
            continue;
        }
        if tag.matches('"').count() % 2 == 1 {
            return Some(format!("the quotes of <{tag}>"));
        }
        let name = tag.split([' ', '/']).next().unwrap_or_default();
        if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphabetic()) {
            return Some(format!("the name of <{tag}>"));
        }
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    (!open.is_empty() || !rest.trim().is_empty()).then(|| format!("what is left: {open:?} {rest}"))
}
