/* Invented titles, so that a person can read planted taste groups. */
#include "jobs/synth/planted.h"
#include "train/math/rng.h"

#include <stdio.h>
#include <string.h>

enum { N_THEMES = 24, N_WORDS = 8 };

typedef struct theme_words {
  const char *name;
  const char *is[N_WORDS], *thing[N_WORDS];
} theme_words;

/* clang-format off */
static const theme_words THEMES[N_THEMES] = {
    {"Space", {"Silent", "Lunar", "Distant", "Orbital", "Weightless", "Stellar", "Last", "Frozen"},
     {"Orbit", "Comet", "Star", "Moonbase", "Nebula", "Airlock", "Horizon", "Signal"}},
    {"Noir", {"Dark", "Crooked", "Smoky", "Rainy", "Double", "Cold", "Midnight", "Cheap"},
     {"Alley", "Alibi", "Cigarette", "Detective", "Shadow", "Streetlight", "Whiskey", "Informer"}},
    {"Western", {"Dusty", "Lonesome", "Wild", "Fast", "High", "Painted", "Outlaw", "Bitter"},
     {"Saddle", "Sheriff", "Canyon", "Stagecoach", "Ranch", "Revolver", "Prairie", "Trail"}},
    {"Romance", {"Tender", "Secret", "First", "Summer", "Borrowed", "Endless", "Unwritten", "Sweet"},
     {"Kiss", "Love Letter", "Heart", "Wedding", "Waltz", "Promise", "Honeymoon", "Valentine"}},
    {"Horror", {"Haunted", "Bloody", "Whispering", "Buried", "Crawling", "Cursed", "Hungry", "Hollow"},
     {"Cellar", "Grave", "Scream", "Asylum", "Doll", "Crypt", "Fang", "Nightmare"}},
    {"Comedy", {"Silly", "Awkward", "Hopeless", "Accidental", "Loud", "Absurd", "Broke", "Ridiculous"},
     {"Roommate", "Mix-Up", "Prank", "Uncle", "Banana", "Office Party", "Impostor", "Punchline"}},
    {"Sport", {"Final", "Golden", "Underdog", "Winning", "Uphill", "Sudden", "Unbeaten", "Second"},
     {"Goal", "Champion", "Marathon", "Coach", "Season", "Knockout", "Stadium", "Penalty"}},
    {"Nature", {"Green", "Hidden", "Ancient", "Untamed", "Migrating", "Deep", "Secret", "Living"},
     {"Forest", "Glacier", "Savannah", "River", "Herd", "Reef", "Mountain", "Wolf"}},
    {"History", {"Forgotten", "Royal", "Fallen", "Revolutionary", "Imperial", "Bronze", "Lost", "Sacred"},
     {"Empire", "Crown", "Siege", "Treaty", "Dynasty", "Cathedral", "Legion", "Letter"}},
    {"Music", {"Electric", "Unplugged", "Blue", "Sold-Out", "Broken", "Velvet", "Live", "Loudest"},
     {"Guitar", "Chorus", "Record", "Encore", "Bassline", "Songbook", "Piano", "Festival"}},
    {"Spy", {"Classified", "Double", "Berlin", "Covert", "Sleeper", "Silent", "Burned", "Invisible"},
     {"Agent", "Cipher", "Dossier", "Handler", "Defector", "Passport", "Microfilm", "Mole"}},
    {"Family", {"Little", "Brave", "Big", "Magic", "Furry", "Rainy-Day", "Tiny", "Snowy"},
     {"Puppy", "Treehouse", "Grandma", "Bicycle", "Birthday", "Kitten", "Holiday", "Sister"}},
    {"Cooking", {"Slow", "Spicy", "Salted", "Homemade", "Burnt", "Perfect", "Sour", "Golden"},
     {"Kitchen", "Recipe", "Bakery", "Chef", "Noodle", "Oven", "Feast", "Spoon"}},
    {"Racing", {"Full-Throttle", "Turbo", "Flat-Out", "Red-Line", "Reckless", "Fastest", "Burning", "Final"},
     {"Lap", "Pit Stop", "Grand Prix", "Engine", "Chicane", "Rally", "Gearbox", "Slipstream"}},
    {"Fantasy", {"Enchanted", "Elven", "Shattered", "Whispering", "Crystal", "Dragon's", "Forsaken", "Silver"},
     {"Sword", "Kingdom", "Wizard", "Spell", "Throne", "Dragon", "Prophecy", "Tower"}},
    {"Courtroom", {"Guilty", "Reasonable", "Hostile", "Sworn", "Hung", "Missing", "Fatal", "Sealed"},
     {"Verdict", "Witness", "Jury", "Appeal", "Objection", "Testimony", "Motive", "Judge"}},
    {"Sea", {"Stormy", "Sunken", "Salt", "Drifting", "Deep", "Northern", "Wrecked", "Rising"},
     {"Lighthouse", "Harbour", "Captain", "Tide", "Whale", "Anchor", "Island", "Submarine"}},
    {"Robots", {"Obsolete", "Iron", "Self-Aware", "Rusty", "Synthetic", "Faulty", "Wired", "Polite"},
     {"Android", "Circuit", "Machine", "Factory", "Automaton", "Algorithm", "Servo", "Upgrade"}},
    {"Travel", {"Slow", "Scenic", "Faraway", "Overnight", "One-Way", "Winding", "Unmapped", "Sunlit"},
     {"Train", "Island Road", "Suitcase", "Border", "Postcard", "Ferry", "Backpack", "Departure"}},
    {"Mystery", {"Missing", "Locked", "Third", "Vanished", "Unsolved", "Curious", "Strange", "Final"},
     {"Key", "Clue", "Heiress", "Manor", "Footprint", "Inspector", "Riddle", "Library"}},
    {"Dance", {"Barefoot", "Last", "Spinning", "Midnight", "Perfect", "Broken", "Restless", "Graceful"},
     {"Tango", "Ballerina", "Ballroom", "Step", "Salsa", "Rehearsal", "Pirouette", "Stage"}},
    {"War", {"Broken", "Western", "Silent", "Burning", "Long", "Forgotten", "Bitter", "Last"},
     {"Front", "Regiment", "Trench", "Armistice", "Bomber", "Bridge", "Convoy", "Soldier"}},
    {"Hospital", {"Critical", "Night", "Beating", "Urgent", "Careful", "Sterile", "Second", "Quiet"},
     {"Surgeon", "Ward", "Pulse", "Nurse", "Transplant", "Emergency", "Diagnosis", "Ambulance"}},
    {"Superhero", {"Masked", "Mighty", "Caped", "Invincible", "Radioactive", "Rogue", "Atomic", "Reluctant"},
     {"Avenger", "Sidekick", "Villain", "Mask", "Guardian", "Mutant", "Cape", "Lair"}},
};
/* clang-format on */

const char *planted_theme_name(int theme, char out[32]) {
  if (theme < N_THEMES)
    snprintf(out, 32, "%s", THEMES[theme].name);
  else
    snprintf(out, 32, "Theme %d", theme + 1);
  return out;
}

static const theme_words *words_of(int theme) {
  return &THEMES[theme % N_THEMES];
}

void planted_title(const planted *w, gid i, char out[PLANTED_NAME_MAX]) {
  int first, second;
  planted_themes(w, i, &first, &second);
  uint64_t bits = rng_bits(w->seed, RNG_SYNTH, (uint64_t)i, 1000);
  const theme_words *a = words_of(first), *b = words_of(second >= 0 ? second : first);
  const char *is = a->is[bits % N_WORDS], *thing = a->thing[bits / 8 % N_WORDS], *other = b->thing[bits / 64 % N_WORDS];
  if (other == thing)
    other = b->thing[(bits / 64 + 1) % N_WORDS];
  int year = 1950 + (int)(bits / 512 % 75), part = (int)(bits / (uint64_t)(512 * 75) % 12);
  char name[PLANTED_NAME_MAX];
  switch (bits >> 60 & 3) {
  case 0:
    snprintf(name, sizeof name, "The %s %s", is, thing);
    break;
  case 1:
    snprintf(name, sizeof name, "%s and %s", thing, other);
    break;
  case 2:
    snprintf(name, sizeof name, "The %s of the %s %s", other, is, thing);
    break;
  default:
    snprintf(name, sizeof name, "A %s for the %s", thing, other);
    if (strchr("AEIOU", thing[0]) != NULL)
      snprintf(name, sizeof name, "An %s for the %s", thing, other);
  }
  if (part == 2 || part == 3)
    snprintf(out, PLANTED_NAME_MAX, "%.80s %d (%d)", name, part, year);
  else
    snprintf(out, PLANTED_NAME_MAX, "%.80s (%d)", name, year);
}

void planted_tags(const planted *w, gid i, char out[PLANTED_TAGS_MAX]) {
  int first, second;
  char a[32], b[32];
  planted_themes(w, i, &first, &second);
  if (second >= 0)
    snprintf(out, PLANTED_TAGS_MAX, "%s|%s", planted_theme_name(first, a), planted_theme_name(second, b));
  else
    snprintf(out, PLANTED_TAGS_MAX, "%s", planted_theme_name(first, a));
}
