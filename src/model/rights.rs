//! Who may do what: one table, asked for every edit.

use super::edit::{EditKind, SubjectKind};
use super::invalid::Lang;
use serde::{Deserialize, Serialize};

/// What somebody is for a territory, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    #[default]
    Visitor,
    /// Writes, known by a device or an invitation.
    Contributor,
    /// Runs carto-parties.
    Organiser,
    /// Takes things off the map and undoes anybody's edit.
    Moderator,
    /// Settings, territories, imports.
    Admin,
}

impl Role {
    /// All roles, from least to most.
    pub const ALL: [Self; 5] = [Self::Visitor, Self::Contributor, Self::Organiser, Self::Moderator, Self::Admin];

    /// The word on the wire and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Contributor => "contributor",
            Self::Organiser => "organiser",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == word)
    }
}

/// What an edit is about to do, seen by the rights table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deed {
    /// Kind of edit.
    pub kind: EditKind,
    /// Kind of subject.
    pub subject: SubjectKind,
    /// The subject is deleted.
    pub deleted: bool,
    /// The edit that is reverted was made by the same person.
    pub own: bool,
    /// The edit declares the actor closed (`status: closed`).
    pub closes: bool,
    /// Whoever writes takes part in the séance that the subject (a cell) belongs to, and the séance is open.
    pub participant: bool,
    /// Whoever writes made the subject: a draft is its author's.
    pub mine: bool,
    /// The edit says who sees a work.
    pub publishes: bool,
    /// The edit would change what a frozen work shows.
    pub thaws: bool,
}

/// A refusal: a stable code and a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Stable code for clients.
    pub code: &'static str,
    french: &'static str,
    english: &'static str,
}

impl Refusal {
    /// One sentence: what is missing and whom to ask.
    pub fn sentence(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Fr => self.french,
            Lang::En => self.english,
        }
    }
}

const READ_ONLY: Refusal = Refusal {
    code: "read_only",
    french: "Ce lien ne permet que de lire. Demandez un lien d’édition à l’équipe.",
    english: "This link only lets you read. Ask the team for an editing link.",
};
const NEEDS_MODERATOR: Refusal = Refusal {
    code: "needs_moderator",
    french: "Seule l’équipe de modération peut faire cela. Vous pouvez signaler une fermeture.",
    english: "Only the moderators can do this. You can report a closing.",
};
const NOT_YOURS: Refusal = Refusal {
    code: "not_yours",
    french: "Vous pouvez revenir sur vos propres modifications ; pour celles des autres, écrivez une nouvelle valeur.",
    english: "You can undo your own edits; for those of others, write a new value.",
};
const NEEDS_ADMIN: Refusal = Refusal {
    code: "needs_admin",
    french: "Seule l’administration du site peut changer un territoire.",
    english: "Only the site's administrators can change a territory.",
};
const NEEDS_ORGANISER: Refusal = Refusal {
    code: "needs_organiser",
    french: "Seules les personnes qui organisent dans ce territoire peuvent faire cela.",
    english: "Only the organisers of this territory can do this.",
};
/// Who writes as a participant without being one (any more).
pub const NOT_A_PARTICIPANT: Refusal = Refusal {
    code: "not_a_participant",
    french: "Vous ne participez pas, ou plus, à cette séance. Entrez de nouveau avec son code, ou continuez sans elle.",
    english: "You do not take part in this séance, or no longer. Join again with its code, or go on without it.",
};
/// Who writes as a participant before the séance begins or after it ended.
pub const SEANCE_OVER: Refusal = Refusal {
    code: "seance_over",
    french: "La séance n’est pas ouverte à cette heure. Vous pouvez continuer sans elle.",
    english: "The séance is not open at this time. You can go on without it.",
};
/// Who writes as a participant about something elsewhere.
pub const OUTSIDE_AREA: Refusal = Refusal {
    code: "outside_area",
    french: "Ce lieu est en dehors de la zone de la séance. Vous pouvez l’écrire sans elle.",
    english: "This place is outside the area of the séance. You can write it without it.",
};

const FROZEN: Refusal = Refusal {
    code: "frozen",
    french: "Cette figure ou ce rapport est figé : rien n’y change plus. « Refaire » en fait un nouveau.",
    english: "This figure or report is frozen: nothing of it changes any more. “Remake” makes a new one.",
};

/// The table: role × kind of edit × subject × state.
///
/// # Errors
/// The refusal, with the sentence to show.
pub fn may(role: Role, deed: Deed) -> Result<(), Refusal> {
    use EditKind::{Add, Create, Delete, Remove, Restore, Revert, Set};
    if role < Role::Contributor {
        return Err(READ_ONLY);
    }
    if deed.subject == SubjectKind::Territory {
        return if role == Role::Admin { Ok(()) } else { Err(NEEDS_ADMIN) };
    }
    if deed.subject == SubjectKind::Seance {
        return if role >= Role::Organiser { Ok(()) } else { Err(NEEDS_ORGANISER) };
    }
    if deed.subject == SubjectKind::Cell {
        let taking_part =
            deed.participant && (matches!(deed.kind, Create | Set | Add | Remove) || (deed.kind == Revert && deed.own && !deed.deleted));
        return if taking_part || role >= Role::Organiser { Ok(()) } else { Err(NOT_A_PARTICIPANT) };
    }
    if deed.thaws {
        return Err(FROZEN);
    }
    if deed.subject == SubjectKind::Figure {
        let own_draft = (deed.mine || deed.kind == Create) && !deed.publishes;
        return if own_draft || role >= Role::Organiser { Ok(()) } else { Err(NEEDS_ORGANISER) };
    }
    if deed.subject.is_work() {
        return if role >= Role::Organiser { Ok(()) } else { Err(NEEDS_ORGANISER) };
    }
    let (least, otherwise) = match deed.kind {
        Set | Create if deed.closes => (Role::Organiser, NEEDS_MODERATOR),
        Create | Set | Add | Remove => (Role::Contributor, READ_ONLY),
        Revert if deed.own && !deed.deleted => (Role::Contributor, READ_ONLY),
        Revert if deed.own => (Role::Moderator, NEEDS_MODERATOR),
        Revert => (Role::Moderator, NOT_YOURS),
        Delete | Restore => (Role::Moderator, NEEDS_MODERATOR),
    };
    if role >= least { Ok(()) } else { Err(otherwise) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use EditKind::{Add, Create, Delete, Remove, Restore, Revert, Set};

    /// Letters from visitor to admin: `y` may, `-` may not.
    const TABLE: &[(SubjectKind, EditKind, bool, bool, bool, &str)] = &[
        // subject, kind, deleted, own, closes
        (SubjectKind::Actor, Create, false, false, false, "-yyyy"),
        (SubjectKind::Actor, Create, false, false, true, "--yyy"),
        (SubjectKind::Actor, Set, false, false, false, "-yyyy"),
        (SubjectKind::Actor, Set, true, false, false, "-yyyy"),
        (SubjectKind::Actor, Set, false, false, true, "--yyy"),
        (SubjectKind::Actor, Add, false, false, false, "-yyyy"),
        (SubjectKind::Actor, Remove, false, false, false, "-yyyy"),
        (SubjectKind::Actor, Delete, false, false, false, "---yy"),
        (SubjectKind::Actor, Delete, false, true, false, "---yy"),
        (SubjectKind::Actor, Restore, true, false, false, "---yy"),
        (SubjectKind::Actor, Revert, false, true, false, "-yyyy"),
        (SubjectKind::Actor, Revert, true, true, false, "---yy"),
        (SubjectKind::Actor, Revert, false, false, false, "---yy"),
        (SubjectKind::Territory, Create, false, false, false, "----y"),
        (SubjectKind::Territory, Set, false, true, false, "----y"),
        (SubjectKind::Territory, Revert, false, true, false, "----y"),
        (SubjectKind::Territory, Delete, false, false, false, "----y"),
        (SubjectKind::Seance, Create, false, false, false, "--yyy"),
        (SubjectKind::Seance, Set, false, true, false, "--yyy"),
        (SubjectKind::Seance, Add, false, false, false, "--yyy"),
        (SubjectKind::Seance, Revert, false, true, false, "--yyy"),
        (SubjectKind::Seance, Delete, false, true, false, "--yyy"),
        (SubjectKind::Seance, Restore, true, true, false, "--yyy"),
        (SubjectKind::Cell, Create, false, false, false, "--yyy"),
        (SubjectKind::Cell, Set, false, true, false, "--yyy"),
        (SubjectKind::Cell, Revert, false, true, false, "--yyy"),
        (SubjectKind::Cell, Revert, false, false, false, "--yyy"),
        (SubjectKind::Cell, Delete, false, false, false, "--yyy"),
        (SubjectKind::Figure, Create, false, false, false, "-yyyy"),
        (SubjectKind::Figure, Set, false, false, false, "--yyy"),
        (SubjectKind::Figure, Delete, false, false, false, "--yyy"),
        (SubjectKind::Report, Create, false, false, false, "--yyy"),
        (SubjectKind::Block, Set, false, true, false, "--yyy"),
        (SubjectKind::Device, Create, false, false, false, "--yyy"),
        (SubjectKind::Device, Delete, false, false, false, "--yyy"),
    ];
    /// The same for somebody who takes part in the open séance of the subject.
    const PARTICIPANTS: &[(SubjectKind, EditKind, bool, bool, bool, &str)] = &[
        (SubjectKind::Actor, Create, false, false, true, "--yyy"),
        (SubjectKind::Actor, Delete, false, true, false, "---yy"),
        (SubjectKind::Actor, Revert, false, false, false, "---yy"),
        (SubjectKind::Territory, Set, false, false, false, "----y"),
        (SubjectKind::Seance, Set, false, true, false, "--yyy"),
        (SubjectKind::Cell, Create, false, false, false, "-yyyy"),
        (SubjectKind::Cell, Set, false, false, false, "-yyyy"),
        (SubjectKind::Cell, Revert, false, true, false, "-yyyy"),
        (SubjectKind::Cell, Revert, true, true, false, "--yyy"),
        (SubjectKind::Cell, Revert, false, false, false, "--yyy"),
        (SubjectKind::Cell, Delete, false, true, false, "--yyy"),
        (SubjectKind::Cell, Restore, true, true, false, "--yyy"),
    ];

    fn rows() -> impl Iterator<Item = (Deed, &'static str)> {
        [(false, TABLE), (true, PARTICIPANTS)].into_iter().flat_map(|(participant, table)| {
            table.iter().map(move |(subject, kind, deleted, own, closes, letters)| {
                let deed = Deed {
                    kind: *kind,
                    subject: *subject,
                    deleted: *deleted,
                    own: *own,
                    closes: *closes,
                    participant,
                    mine: false,
                    publishes: false,
                    thaws: false,
                };
                (deed, *letters)
            })
        })
    }

    #[test]
    fn the_rights_table_says_who_may_do_what() {
        for (deed, letters) in rows() {
            let got: String = Role::ALL.iter().map(|r| if may(*r, deed).is_ok() { 'y' } else { '-' }).collect();
            assert_eq!(got, letters, "{deed:?}");
        }
    }

    #[test]
    fn a_draft_is_its_authors_publishing_is_the_organisers_and_ice_is_nobodys() {
        let deed = |kind, mine, publishes, thaws| Deed {
            kind,
            subject: SubjectKind::Figure,
            deleted: false,
            own: false,
            closes: false,
            participant: false,
            mine,
            publishes,
            thaws,
        };
        let letters = |deed| Role::ALL.iter().map(|r| if may(*r, deed).is_ok() { 'y' } else { '-' }).collect::<String>();
        assert_eq!(letters(deed(Set, true, false, false)), "-yyyy");
        assert_eq!(letters(deed(Delete, true, false, false)), "-yyyy");
        assert_eq!(letters(deed(Set, true, true, false)), "--yyy");
        assert_eq!(letters(deed(Create, false, true, false)), "--yyy");
        assert_eq!(letters(deed(Set, true, false, true)), "-----");
    }

    #[test]
    fn a_higher_role_never_may_less() {
        for (deed, _) in rows() {
            let allowed: Vec<bool> = Role::ALL.iter().map(|r| may(*r, deed).is_ok()).collect();
            assert!(allowed.is_sorted(), "{deed:?}");
        }
    }
}
