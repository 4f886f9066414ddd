//! Small invented lists. Surnames, streets, towns and brands name nobody and nothing.

pub(crate) const FEMALE_NAMES: [&str; 28] = [
    "Alma", "Ann", "Berta", "Carla", "Dina", "Elin", "Emma", "Fanny", "Greta", "Hanna", "Ida",
    "Ines", "Jette", "Karin", "Lea", "Lotte", "Mara", "Mila", "Nora", "Olga", "Paula", "Rosa",
    "Sara", "Tilda", "Ulla", "Vera", "Wanda", "Zoé",
];

pub(crate) const MALE_NAMES: [&str; 28] = [
    "Adam", "Anton", "Bram", "Carl", "David", "Emil", "Erik", "Felix", "Gustav", "Hugo", "Ivo",
    "Jan", "Jonas", "Karl", "Lars", "Leo", "Max", "Milo", "Nils", "Oskar", "Paul", "René", "Ruben",
    "Sven", "Theo", "Udo", "Viktor", "Willem",
];

pub(crate) const LAST_NAMES: [&str; 48] = [
    "Almgard",
    "Arvenholt",
    "Balsteen",
    "Berrick",
    "Birkmoor",
    "Brandeval",
    "Colvane",
    "Corrindal",
    "Dahlmark",
    "Dornwick",
    "Eberlund",
    "Elmstrand",
    "Falkenau",
    "Fennholt",
    "Garvick",
    "Grunmoor",
    "Halvorn",
    "Hartling",
    "Immerfeld",
    "Isenvale",
    "Jarnholt",
    "Jorvane",
    "Kaltenbeek",
    "Kestrow",
    "Landorp",
    "Lindqvor",
    "Marlund",
    "Mosholt",
    "Nebelin",
    "Nordvane",
    "Oakenfels",
    "Osterlin",
    "Pelgrove",
    "Pommerau",
    "Quellmark",
    "Ravensgard",
    "Rosental",
    "Sandovar",
    "Silberau",
    "Steenwald",
    "Tannorp",
    "Tolvane",
    "Ulmenau",
    "Veldmoor",
    "Vossgard",
    "Weidling",
    "Winterholt",
    "Zandorp",
];

pub(crate) const STREETS: [&str; 14] = [
    "Birch Lane",
    "Canal Street",
    "Cherry Row",
    "Garden Road",
    "Harbour Square",
    "Linden Avenue",
    "Market Street",
    "Mill Lane",
    "North Gate",
    "Orchard Way",
    "Park Road",
    "Rose Alley",
    "Station Road",
    "Well Street",
];

/// A town, the first digits of its postcode, its country and its language.
#[derive(Clone, Copy)]
pub(crate) struct Town {
    pub(crate) name: &'static str,
    pub(crate) postcode: i64,
    pub(crate) country: &'static str,
    pub(crate) language: &'static str,
}

const fn town(
    name: &'static str,
    postcode: i64,
    country: &'static str,
    language: &'static str,
) -> Town {
    Town {
        name,
        postcode,
        country,
        language,
    }
}

pub(crate) const TOWNS: [Town; 12] = [
    town("Altmoor", 101, "DE", "de"),
    town("Birkenau am See", 224, "DE", "de"),
    town("Falkenried", 377, "DE", "de"),
    town("Grünhafen", 552, "DE", "de"),
    town("Hohenlind", 814, "DE", "de"),
    town("Obertal", 50, "AT", "de"),
    town("Veldhaven", 30, "NL", "nl"),
    town("Westerdorp", 71, "NL", "nl"),
    town("Clairmont-sur-Orle", 690, "FR", "fr"),
    town("Port-Selve", 336, "FR", "fr"),
    town("Nordbek", 24, "DK", "da"),
    town("Sandvika Strand", 56, "SE", "sv"),
];

/// Domains of first addresses; some people have a second one at [`WORK_DOMAINS`].
pub(crate) const MAIL_DOMAINS: [&str; 6] = [
    "mail.test",
    "post.test",
    "inbox.test",
    "webmail.test",
    "letterbox.test",
    "courier.test",
];

pub(crate) const WORK_DOMAINS: [&str; 3] = ["office.test", "studio.test", "workshop.test"];

/// A category: its name, its place in the shop, its middle price in cents and what it sells.
pub(crate) struct Category {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) search_path: &'static str,
    pub(crate) price: f64,
    pub(crate) goods: [&'static str; 5],
}

pub(crate) const CATEGORIES: [Category; 8] = [
    Category {
        name: "kitchen",
        path: "/c/kitchen",
        search_path: "/search?q=kitchen",
        price: 3_400.0,
        goods: ["kettle", "pan", "knife", "bowl", "grinder"],
    },
    Category {
        name: "garden",
        path: "/c/garden",
        search_path: "/search?q=garden",
        price: 2_900.0,
        goods: ["spade", "planter", "hose", "lantern", "bench"],
    },
    Category {
        name: "books",
        path: "/c/books",
        search_path: "/search?q=books",
        price: 1_600.0,
        goods: ["novel", "atlas", "cookbook", "diary", "guide"],
    },
    Category {
        name: "toys",
        path: "/c/toys",
        search_path: "/search?q=toys",
        price: 2_200.0,
        goods: ["puzzle", "train", "kite", "doll", "board game"],
    },
    Category {
        name: "sports",
        path: "/c/sports",
        search_path: "/search?q=sports",
        price: 4_500.0,
        goods: ["ball", "racket", "mat", "helmet", "backpack"],
    },
    Category {
        name: "beauty",
        path: "/c/beauty",
        search_path: "/search?q=beauty",
        price: 1_900.0,
        goods: ["soap", "cream", "perfume", "brush", "shampoo"],
    },
    Category {
        name: "clothing",
        path: "/c/clothing",
        search_path: "/search?q=clothing",
        price: 3_900.0,
        goods: ["shirt", "scarf", "jacket", "socks", "hat"],
    },
    Category {
        name: "electronics",
        path: "/c/electronics",
        search_path: "/search?q=electronics",
        price: 7_900.0,
        goods: ["headphones", "speaker", "lamp", "charger", "clock"],
    },
];

pub(crate) const MAKES: [&str; 3] = ["Plain", "Classic", "Deluxe"];

pub(crate) const BRANDS: [&str; 10] = [
    "Arvo",
    "Belmar",
    "Casterly",
    "Dunfold",
    "Everhome",
    "Fjordal",
    "Grano",
    "Holm",
    "Ilvane",
    "Juno & Co",
];
