"""eSpeak NG's voices: the name we give each, the file it is in, and the BCP 47 tag that it speaks.

The library's own tags are not all valid (RFC 5646), two voices share one, and some mean another place. Tests check this
table against the library (every voice is here) and each tag against the grammar.
"""

from __future__ import annotations

# name → (the library's voice file, BCP 47 tag). Private subtags (behind "x") stand where no registered one says it.
VOICES: dict[str, tuple[str, str]] = {
    "af": ("af", "af"),
    "am": ("am", "am"),
    "an": ("an", "an"),
    "ar": ("ar", "ar"),
    "as": ("as", "as"),
    "az": ("az", "az"),
    "ba": ("ba", "ba"),
    "be": ("be", "be"),
    "bg": ("bg", "bg"),
    "bn": ("bn", "bn"),
    "bpy": ("bpy", "bpy"),
    "bs": ("bs", "bs"),
    "ca": ("ca", "ca"),
    "ca-ba": ("ca-ba", "ca-ES-x-balear"),  # not Bosnia
    "ca-nw": ("ca-nw", "ca-ES-x-nw"),
    "ca-va": ("ca-va", "ca-valencia"),  # the registered variant
    "chr-us-qaaa-x-west": ("chr", "chr-US-x-west"),  # a script stands before a region, and this one is nobody's
    "cmn": ("cmn", "zh"),  # the same language, as browsers and people ask for it
    "cmn-latn-pinyin": ("cmn-Latn-pinyin", "zh-Latn-pinyin"),
    "cs": ("cs", "cs"),
    "cv": ("cv", "cv"),
    "cy": ("cy", "cy"),
    "da": ("da", "da"),
    "de": ("de", "de"),
    "el": ("el", "el"),
    "en-029": ("en-029", "en-029"),
    "en-gb": ("en", "en-GB"),
    "en-gb-scotland": ("en-GB-scotland", "en-GB-scotland"),
    "en-gb-x-gbclan": ("en-GB-x-gbclan", "en-GB-x-gbclan"),
    "en-gb-x-gbcwmd": ("en-GB-x-gbcwmd", "en-GB-x-gbcwmd"),
    "en-gb-x-rp": ("en-GB-x-rp", "en-GB-x-rp"),
    "en-shaw": ("en-Shaw", "en-Shaw"),
    "en-us": ("en-US", "en-US"),
    "en-us-nyc": ("en-US-nyc", "en-US-x-nyc"),
    "eo": ("eo", "eo"),
    "es": ("es", "es"),
    "es-419": ("es-419", "es-419"),
    "et": ("et", "et"),
    "eu": ("eu", "eu"),
    "fa": ("fa", "fa"),
    "fa-latn": ("fa-Latn", "fa-Latn"),
    "fi": ("fi", "fi"),
    "fo": ("fo", "fo"),
    "fr-be": ("fr-BE", "fr-BE"),
    "fr-ch": ("fr-CH", "fr-CH"),
    "fr-fr": ("fr", "fr-FR"),
    "ga": ("ga", "ga"),
    "gd": ("gd", "gd"),
    "gn": ("gn", "gn"),
    "grc": ("grc", "grc"),
    "gu": ("gu", "gu"),
    "hak": ("hak", "hak"),
    "haw": ("haw", "haw"),
    "he": ("he", "he"),
    "hi": ("hi", "hi"),
    "hr": ("hr", "hr"),
    "ht": ("ht", "ht"),
    "hu": ("hu", "hu"),
    "hy": ("hy", "hy"),
    "hyw": ("hyw", "hyw"),
    "ia": ("ia", "ia"),
    "id": ("id", "id"),
    "io": ("io", "io"),
    "is": ("is", "is"),
    "it": ("it", "it"),
    "ja": ("ja", "ja"),
    "jbo": ("jbo", "jbo"),
    "ka": ("ka", "ka"),
    "kaa": ("kaa", "kaa"),
    "kk": ("kk", "kk"),
    "kl": ("kl", "kl"),
    "kn": ("kn", "kn"),
    "ko": ("ko", "ko"),
    "kok": ("kok", "kok"),
    "ku": ("ku", "ku"),
    "ky": ("ky", "ky"),
    "la": ("la", "la"),
    "lb": ("lb", "lb"),
    "lfn": ("lfn", "lfn"),
    "lt": ("lt", "lt"),
    "ltg": ("ltg", "ltg"),
    "lv": ("lv", "lv"),
    "mi": ("mi", "mi"),
    "mk": ("mk", "mk"),
    "ml": ("ml", "ml"),
    "mr": ("mr", "mr"),
    "ms": ("ms", "ms"),
    "mt": ("mt", "mt"),
    "mto": ("mto", "mto"),
    "my": ("my", "my"),
    "nb": ("nb", "nb"),
    "nci": ("nci", "nci"),
    "ne": ("ne", "ne"),
    "nl": ("nl", "nl"),
    "nog": ("nog", "nog"),
    "om": ("om", "om"),
    "or": ("or", "or"),
    "pa": ("pa", "pa"),
    "pap": ("pap", "pap"),
    "piqd": ("piqd", "tlh-Piqd"),  # a script's code, not a language's
    "pl": ("pl", "pl"),
    "pt": ("pt", "pt-PT"),  # plain "pt" is Brazil's in CLDR
    "pt-br": ("pt-BR", "pt-BR"),
    "py": ("py", "art-x-pyash"),  # another language's country code
    "qdb": ("qdb", "art-x-belta"),  # no registered language
    "qu": ("qu", "qu"),
    "quc": ("quc", "quc"),
    "qya": ("qya", "qya"),
    "ro": ("ro", "ro"),
    "ru": ("ru", "ru"),
    "ru-cl": ("ru-cl", "ru-x-classic"),  # not Chile
    "ru-lv": ("ru-LV", "ru-LV"),
    "sd": ("sd", "sd"),
    "shn": ("shn", "shn"),
    "si": ("si", "si"),
    "sjn": ("sjn", "sjn"),
    "sk": ("sk", "sk"),
    "sl": ("sl", "sl"),
    "smj": ("smj", "smj"),
    "sq": ("sq", "sq"),
    "sr": ("sr", "sr"),
    "sv": ("sv", "sv"),
    "sw": ("sw", "sw"),
    "ta": ("ta", "ta"),
    "te": ("te", "te"),
    "th": ("th", "th"),
    "ti": ("ti", "ti"),
    "tk": ("tk", "tk"),
    "tn": ("tn", "tn"),
    "tr": ("tr", "tr"),
    "tt": ("tt", "tt"),
    "ug": ("ug", "ug"),
    "uk": ("uk", "uk"),
    "ur": ("ur", "ur"),
    "uz": ("uz", "uz"),
    "vi": ("vi", "vi"),
    "vi-vn-x-central": ("vi-VN-x-central", "vi-VN-x-central"),
    "vi-vn-x-south": ("vi-VN-x-south", "vi-VN-x-south"),
    "xex": ("xex", "art-x-xextan"),  # no registered language
    "yue": ("yue", "yue"),
    "yue-latn-jyutping": ("yue-Latn-jyutping", "yue-Latn-jyutping"),  # shares its name with the one above
}

# Base voices that get female and male variants: the languages that most people ask for.
_MAJOR = """
    ar bg bn ca cmn cs da de el en-gb en-us es es-419 et fa fi fr-fr he hi hr hu id it ja ko lt lv nb nl pl pt
    pt-br ro ru sk sl sr sv sw ta tr uk ur vi yue
"""
MAJOR = frozenset(_MAJOR.split())

# In the library's list, but it says nothing in them: their pronunciation rules are not among its data.
MUTE = frozenset({"fo", "kaa", "xex"})

# The library's variants that sound natural: three women, three men.
VARIANTS = {"f1": "female", "f2": "female", "f3": "female", "m1": "male", "m2": "male", "m3": "male"}

# ISO 639-1 → 639-2/T, which is what MP3 tags take.
_PAIRS = """
    af afr am amh an arg ar ara as asm az aze ba bak be bel bg bul bn ben bs bos ca cat cs ces cv chv cy cym
    da dan de deu el ell en eng eo epo es spa et est eu eus fa fas fi fin fo fao fr fra ga gle gd gla gn grn
    gu guj he heb hi hin hr hrv ht hat hu hun hy hye ia ina id ind io ido is isl it ita ja jpn ka kat kk kaz
    kl kal kn kan ko kor ku kur ky kir la lat lb ltz lt lit lv lav mi mri mk mkd ml mal mr mar ms msa mt mlt
    my mya nb nob ne nep nl nld nn nno no nor om orm or ori pa pan pl pol pt por qu que ro ron ru rus sd snd
    si sin sk slk sl slv sq sqi sr srp sv swe sw swa ta tam te tel th tha ti tir tk tuk tn tsn tr tur tt tat
    ug uig uk ukr ur urd uz uzb vi vie zh zho
"""
_ISO639_2 = dict(zip(_PAIRS.split()[::2], _PAIRS.split()[1::2], strict=True))


def voice_name(tag: str, identifier: str) -> str:
    """Return our name for a voice of the library's list: its tag or its file's name, the longer one, in lower case."""
    return max(tag, identifier.rsplit("/", 1)[-1], key=len).lower()


def iso639_2(tag: str) -> str:
    """Return the three-letter code of a BCP 47 tag's language; "und" (undetermined) where there is none."""
    language = tag.split("-")[0].lower()
    return language if len(language) == 3 else _ISO639_2.get(language, "und")
