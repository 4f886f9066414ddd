//! What large mail providers deliver to one mailbox although it is written in many ways.
//!
//! | provider | what does not matter | its own words |
//! |---|---|---|
//! | Gmail | dots, all after `+`, `googlemail.com` | support.google.com/mail/answer/7436150 and /10313 |
//! | Outlook, Hotmail, Live, MSN | all after `+` | Exchange "plus addressing" |
//! | iCloud | all after `+` | support.apple.com, "Use email aliases" |
//! | Fastmail | all after `+` | fastmail.help, "Plus addressing" |
//! | Proton | all after `+` | proton.me/support/addresses-and-aliases |
//! | Yahoo | all after `-` | help.yahoo.com, "disposable email addresses" |
//!
//! Company domains that these providers host are not known by their name, so the rules leave them
//! alone; so they do the domains of other providers.

use std::borrow::Cow;

#[derive(Clone, Copy)]
struct Provider {
    domains: &'static [&'static str],
    /// Begins what a mailbox may be followed by.
    tag: char,
    has_free_dots: bool,
    /// The one name for all its domains.
    name: Option<&'static str>,
}

const PROVIDERS: [Provider; 6] = [
    Provider {
        domains: &["gmail.com", "googlemail.com"],
        tag: '+',
        has_free_dots: true,
        name: Some("gmail.com"),
    },
    Provider {
        domains: &[
            "hotmail.be",
            "hotmail.ch",
            "hotmail.co.uk",
            "hotmail.com",
            "hotmail.de",
            "hotmail.es",
            "hotmail.fr",
            "hotmail.it",
            "hotmail.nl",
            "hotmail.se",
            "live.at",
            "live.be",
            "live.ca",
            "live.co.uk",
            "live.com",
            "live.de",
            "live.fr",
            "live.it",
            "live.nl",
            "msn.com",
            "outlook.at",
            "outlook.co.uk",
            "outlook.com",
            "outlook.de",
            "outlook.es",
            "outlook.fr",
            "outlook.it",
        ],
        tag: '+',
        has_free_dots: false,
        name: None,
    },
    Provider {
        domains: &["icloud.com", "mac.com", "me.com"],
        tag: '+',
        has_free_dots: false,
        name: None,
    },
    Provider {
        domains: &["fastmail.com", "fastmail.fm"],
        tag: '+',
        has_free_dots: false,
        name: None,
    },
    Provider {
        domains: &["pm.me", "proton.me", "protonmail.ch", "protonmail.com"],
        tag: '+',
        has_free_dots: false,
        name: None,
    },
    Provider {
        domains: &[
            "rocketmail.com",
            "yahoo.ca",
            "yahoo.co.in",
            "yahoo.co.uk",
            "yahoo.com",
            "yahoo.com.au",
            "yahoo.com.br",
            "yahoo.de",
            "yahoo.es",
            "yahoo.fr",
            "yahoo.in",
            "yahoo.it",
            "ymail.com",
        ],
        tag: '-',
        has_free_dots: false,
        name: None,
    },
];

/// The one way to write a normalised address of a provider in the table.
pub(super) fn one_spelling(address: Cow<'_, str>) -> Cow<'_, str> {
    let Some((mailbox, domain)) = address.rsplit_once('@') else {
        return address;
    };
    let Some(provider) = PROVIDERS.iter().find(|one| one.domains.contains(&domain)) else {
        return address;
    };
    let untagged = mailbox.split(provider.tag).next().unwrap_or(mailbox);
    let has_letters = untagged.bytes().any(|byte| byte != b'.');
    // `+news@gmail.com` has no mailbox but its tag.
    let untagged = if has_letters { untagged } else { mailbox };
    let name = provider.name.unwrap_or(domain);
    let has_dots = provider.has_free_dots && has_letters && untagged.contains('.');
    if untagged.len() == mailbox.len() && name == domain && !has_dots {
        return address;
    }
    let untagged = if has_dots {
        Cow::Owned(untagged.replace('.', ""))
    } else {
        Cow::Borrowed(untagged)
    };
    Cow::Owned(format!("{untagged}@{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_has_one_spelling() {
        for (address, expected) in [
            ("j.ane.doe+news@googlemail.com", "janedoe@gmail.com"),
            ("janedoe@gmail.com", "janedoe@gmail.com"),
            ("jane.doe+a+b@outlook.com", "jane.doe@outlook.com"),
            ("jane+a@hotmail.co.uk", "jane@hotmail.co.uk"),
            ("jane+a@icloud.com", "jane@icloud.com"),
            ("jane+a@fastmail.fm", "jane@fastmail.fm"),
            ("jane+a@proton.me", "jane@proton.me"),
            ("jane+a@protonmail.com", "jane@protonmail.com"),
            ("jane-shops@yahoo.de", "jane@yahoo.de"),
            ("jane+a@yahoo.com", "jane+a@yahoo.com"),
            ("j.ane+a@shop.de", "j.ane+a@shop.de"),
            ("+news@gmail.com", "+news@gmail.com"),
            ("..+news@googlemail.com", "..+news@gmail.com"),
        ] {
            let found = one_spelling(Cow::Borrowed(address));
            assert_eq!(found, expected);
            assert_eq!(one_spelling(found.clone()), found);
        }
        let clean = one_spelling(Cow::Borrowed("janedoe@gmail.com"));
        assert!(matches!(clean, Cow::Borrowed(_)));
    }
}
