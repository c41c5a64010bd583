"""What the providers of Stolberg's two ZiQ projects write in their reports; all of it invented."""

from __future__ import annotations

from typing import Final

#: Number of the measure -> year -> section -> text.
NARRATIVES: Final[dict[str, dict[int, dict[str, str]]]] = {
    "4.2": {
        2024: {
            "done": (
                "Das Projekt ist am 1. Februar 2024 mit zwei Fachkräften (je 75 Prozent) gestartet. Im "
                "Ladenlokal "
                "am Kaiserplatz wurden der offene Elterntreff (dienstags und donnerstags), die "
                "Spielgruppe für "
                "Kinder unter drei Jahren und die Bewegungsstunde für Grundschulkinder aufgebaut. Ab "
                "September "
                "kam die Sprechstunde der Kinderkrankenschwester des Gesundheitsamts dazu (Beispiel)."
            ),
            "reached": (
                "Bis zum Jahresende wurden 137 Kinder erreicht; das Ziel von 141 ist knapp verfehlt. Zur "
                "U8 und U9 wurden Familien persönlich eingeladen, die Vorlage der Untersuchungshefte hat "
                "zugenommen. 57 Eltern nehmen teil, so viele wie geplant (Beispiel)."
            ),
            "deviations": (
                "Eine halbe Stelle konnte erst zum 1. Juni besetzt werden. Die Bewegungsstunde begann "
                "deshalb nach "
                "den Sommerferien statt im Mai (Beispiel)."
            ),
            "network": (
                "Träger B und C stellen je eine Honorarkraft für die Spielgruppe. Mit dem Jobcenter ist ein "
                "Beratungstermin im Monat im Ladenlokal vereinbart; 14 Eltern wurden dort beraten (Beispiel)."
            ),
            "principles": (
                "Väter wurden mit einem Samstagsangebot angesprochen. Einladungen gibt es in fünf "
                "Sprachen; die "
                "Räume sind stufenlos erreichbar (Beispiel)."
            ),
            "outlook": (
                "2025 wird eine mobile Bewegungsbaustelle angeschafft und die Zusammenarbeit mit den beiden "
                "Familienzentren ausgebaut (Beispiel)."
            ),
        },
        2025: {
            "done": (
                "Elterntreff, Spielgruppe und Bewegungsstunde liefen ganzjährig. Die Bewegungsbaustelle "
                "ist seit "
                "August an wechselnden Orten im Quartier im Einsatz, 26 Termine bis Jahresende. Die "
                "Sprechstunde "
                "der Kinderkrankenschwester findet jetzt wöchentlich statt (Beispiel)."
            ),
            "reached": (
                "296 Kinder wurden erreicht, genau das Zwischenziel. 114 Eltern nehmen teil, geplant "
                "waren 118. Die "
                "teilnehmenden Eltern "
                "übernehmen seit dem Herbst den Samstagstreff in eigener Verantwortung (Beispiel)."
            ),
            "deviations": (
                "Nach der Umwidmung vom Mai 2025 wurde weniger Personal und mehr Material abgerechnet. Ein "
                "Honorarangebot wurde wegen Krankheit nicht nachbesetzt (Beispiel)."
            ),
            "network": (
                "Runder Tisch Oberstolberg mit Schulen, Kitas, Jugendamt und Gesundheitsamt, vier "
                "Treffen. Die drei "
                "Träger haben eine gemeinsame Vertretungsregel (Beispiel)."
            ),
            "principles": "Zwei Elternlotsinnen begleiten neu zugezogene Familien (Beispiel).",
            "outlook": (
                "2026 werden mit der Stadt Wege gesucht, die Sprechstunde nach dem Ende der Förderung "
                "zu halten "
                "(Beispiel)."
            ),
        },
    },
    "5.1": {
        2024: {
            "done": (
                "ZOOM hat in drei Stadtteilen Jugendjurys gegründet. Die Jurys haben über elf Anträge "
                "entschieden, acht Vorhaben wurden umgesetzt, darunter der Graffiti-Workshop an der "
                "Unterführung "
                "und das "
                "Mitternachtsturnier in Münsterbusch (Beispiel)."
            ),
            "reached": (
                "39 Jugendliche waren an den Vorhaben beteiligt; das Ziel für 2024 waren 38. Zwei "
                "Jugendliche "
                "haben nach einem Praktikum im Projekt eine Ausbildung begonnen (Beispiel)."
            ),
            "deviations": (
                "Der Jugendraum in Unterstolberg stand erst ab Mai zur Verfügung; Material wurde dafür "
                "früher "
                "gebraucht als geplant (Beispiel)."
            ),
            "network": "Jugendamt und Jobcenter sind Mitglieder der Steuerungsrunde (Beispiel).",
            "principles": "Eine der Jurys arbeitet als Mädchenjury (Beispiel).",
            "outlook": "2025 kommt eine Jury in Büsbach dazu (Beispiel).",
        },
        2025: {
            "done": (
                "Die Jugendjurys in Unterstolberg, Oberstolberg und Münsterbusch haben über 21 Anträge "
                "entschieden, 16 Vorhaben wurden umgesetzt. Der Wechsel der Projektleitung im Frühjahr "
                "ist hier noch zu ergänzen "
                "(Beispiel)."
            ),
        },
    },
}

#: Number of the measure -> year -> what the money is for.
PURPOSES: Final[dict[str, dict[int, str]]] = {
    "4.2": {
        2024: "Personalkosten Februar bis Dezember 2024, Einrichtung des Ladenlokals (Beispiel).",
        2025: "Personalkosten 2025 und Anschaffung der Bewegungsbaustelle (Beispiel).",
        2026: "Personalkosten 2026, Honorare der Spielgruppe, Material der Bewegungsbaustelle (Beispiel).",
    },
    "5.1": {
        2024: "Personalkosten und Budgets der Jugendjurys 2024 (Beispiel).",
        2025: "Personalkosten 2025, Vorhaben der Jugendjurys (Beispiel).",
        2026: "Personalkosten 2026 und Abschlussfest der Jugendjurys (Beispiel).",
    },
}

QUESTION: Final = (
    "In der Position Material sind 2.180,00 Euro für Möbel ausgewiesen. Bitte teilen Sie mit, ob die "
    "Möbel nach "
    "dem Ende der Förderung im Quartier bleiben (Beispiel)."
)
ANSWER: Final = (
    "Tische, Stühle und Regale stehen im Ladenlokal am Kaiserplatz. Nach einer Vereinbarung mit der Stadt "
    "bleiben sie dort auch nach dem Ende der Förderung und stehen den Eltern zur Verfügung (Beispiel)."
)
SENT_BACK: Final = (
    "Bitte beim Samstagstreff noch die Zahl der Eltern ergänzen, die Verantwortung übernehmen (Beispiel)."
)
FORWARDED: Final = "Geprüft; Zahlen und Belege stimmen mit unserer Kenntnis überein (Beispiel)."
ACCEPTED: Final = "Angenommen. Vielen Dank für den anschaulichen Bericht (Beispiel)."
#: Why ZOOM asks for more time, the first time and the second.
MORE_TIME: Final = (
    "Die Projektleitung hat zum 1. März gewechselt; der Sachbericht 2025 muss neu zusammengestellt werden "
    "(Beispiel).",
    "Die Belege der Jugendjurys aus dem zweiten Halbjahr 2025 liegen noch nicht vollständig vor (Beispiel).",
)
