"""What a voice says when somebody wants to hear it: short friendly words in its own language."""

from __future__ import annotations

from babel import Locale, UnknownLocaleError

# By BCP 47 tag, the longer one first ("zh-Latn-pinyin" before "zh"). Japanese in kana, which eSpeak NG reads and
# kanji it does not.
_TEXTS = {
    "ar": "أهلا وسهلا! هذا صوتي. أقرأ لك ما تكتبه، في المتحف وفي المدرسة وفي البيت.",
    "bg": "Добре дошли! Това е моят глас. Ще прочета каквото напишете, в музея, в училище и у дома.",
    "bn": "স্বাগতম! এটা আমার কণ্ঠ। আপনি যা লেখেন, আমি তা পড়ে শোনাই।",
    "ca": "Benvinguts! Aquesta és la meva veu. Llegeixo el que escriviu, al museu, a l'escola i a casa.",
    "chr-US-x-west": "Osiyo. Tsalagi.",  # that voice reads Latin letters only
    "cs": "Vítejte! Tohle je můj hlas. Přečtu vám, co napíšete, v muzeu, ve škole i doma.",
    "da": "Velkommen! Sådan lyder min stemme. Jeg læser det, du skriver, på museet, i skolen og derhjemme.",
    "de": "Willkommen! So klingt meine Stimme. Ich lese vor, was Sie schreiben: im Museum, in der Schule, zu Hause.",
    "el": "Καλώς ήρθατε! Αυτή είναι η φωνή μου. Διαβάζω ό,τι γράφετε, στο μουσείο, στο σχολείο και στο σπίτι.",
    "en": "Welcome! This is how I sound. I read aloud what you write: at the museum, at school, at home.",
    "es": "¡Bienvenidos! Así suena mi voz. Leo en voz alta lo que escribes: en el museo, en la escuela, en casa.",
    "et": "Tere tulemast! Selline on minu hääl. Ma loen ette, mida kirjutate, muuseumis, koolis ja kodus.",
    "fa": "خوش آمدید! این صدای من است. هر چه بنویسید برایتان می‌خوانم، در موزه، در مدرسه و در خانه.",
    "fa-Latn": "Salaam! In sedaa-ye man ast. Yek, do, se.",
    "fi": "Tervetuloa! Tältä ääneni kuulostaa. Luen ääneen, mitä kirjoitat, museossa, koulussa ja kotona.",
    "fr": "Bienvenue ! Voici ma voix. Je lis ce que vous écrivez : au musée, à l'école, à la maison.",
    "he": "ברוכים הבאים! זה הקול שלי. אני אקריא לכם מה שתכתבו, במוזיאון, בבית הספר ובבית.",
    "hi": "स्वागत है! यह मेरी आवाज़ है। आप जो लिखते हैं, मैं उसे पढ़कर सुनाती हूँ।",
    "hr": "Dobro došli! Ovo je moj glas. Čitam naglas ono što napišete, u muzeju, u školi i kod kuće.",
    "hu": "Üdvözöljük! Ilyen a hangom. Felolvasom, amit leír, a múzeumban, az iskolában és otthon.",
    "id": "Selamat datang! Beginilah suara saya. Saya membacakan tulisan Anda, di museum, di sekolah, dan di rumah.",
    "it": "Benvenuti! Questa è la mia voce. Leggo quello che scrivete: al museo, a scuola, a casa.",
    "ja": "ようこそ。わたしのこえです。かいたことばをよみます。どうぞきいてください。",
    "ko": "환영합니다! 제 목소리입니다. 쓰신 글을 박물관에서, 학교에서, 집에서 읽어 드립니다.",
    "lt": "Sveiki atvykę! Toks yra mano balsas. Perskaitysiu, ką parašysite, muziejuje, mokykloje ir namuose.",
    "lv": "Laipni lūdzam! Tāda ir mana balss. Es nolasu to, ko jūs rakstāt, muzejā, skolā un mājās.",
    "nb": "Velkommen! Slik høres stemmen min ut. Jeg leser det du skriver, på museet, på skolen og hjemme.",
    "nl": "Welkom! Zo klinkt mijn stem. Ik lees voor wat u schrijft: in het museum, op school, thuis.",
    "pl": "Witamy! Tak brzmi mój głos. Czytam na głos to, co napiszesz, w muzeum, w szkole i w domu.",
    "pt": "Sejam bem-vindos! Esta é a minha voz. Leio em voz alta o que escreverem: no museu, na escola, em casa.",
    "ro": "Bine ați venit! Așa sună vocea mea. Citesc cu voce tare ce scrieți, la muzeu, la școală și acasă.",
    "ru": "Добро пожаловать! Так звучит мой голос. Я прочитаю всё, что вы напишете, в музее, в школе и дома.",
    "sk": "Vitajte! Takto znie môj hlas. Prečítam, čo napíšete, v múzeu, v škole aj doma.",
    "sl": "Dobrodošli! To je moj glas. Preberem, kar napišete, v muzeju, v šoli in doma.",
    "sr": "Добро дошли! Ово је мој глас. Читам наглас оно што напишете, у музеју, у школи и код куће.",
    "sv": "Välkommen! Så här låter min röst. Jag läser upp det du skriver, på museet, i skolan och hemma.",
    "sw": "Karibu! Hii ndiyo sauti yangu. Ninasoma unachoandika, katika makumbusho, shuleni na nyumbani.",
    "ta": "வணக்கம்! இது என் குரல். நீங்கள் எழுதுவதை நான் படித்துக் காட்டுகிறேன்.",
    "tr": "Hoş geldiniz! Sesim böyle. Yazdıklarınızı müzede, okulda ve evde sesli okurum.",
    "uk": "Ласкаво просимо! Так звучить мій голос. Я прочитаю все, що ви напишете, у музеї, у школі та вдома.",
    "ur": "خوش آمدید! یہ میری آواز ہے۔ آپ جو لکھیں گے، میں پڑھ کر سناؤں گا۔",
    "vi": "Xin chào! Đây là giọng của tôi. Tôi đọc những gì bạn viết, ở bảo tàng, ở trường và ở nhà.",
    "yue": "歡迎！呢個係我嘅聲。你寫嘅嘢，我會讀畀你聽。",
    "yue-Latn-jyutping": "fun1 jing4. jat1, ji6, saam1.",
    "zh": "欢迎！这是我的声音。您写的文字，我来读给您听。",
    "zh-Latn-pinyin": "huan1ying2. yi1, er4, san1.",
}


def preview_text(language: str) -> str:
    """Return a short sentence in the language of a BCP 47 tag; for a rare one its own name for itself, and numbers."""
    parts = language.split("-")
    for length in range(len(parts), 0, -1):
        if text := _TEXTS.get("-".join(parts[:length])):
            return text
    return f"{_own_name(parts[0])}. 1, 2, 3, 4, 5."


def _own_name(language: str) -> str:
    try:
        return Locale.parse(language).get_display_name() or language
    except (UnknownLocaleError, ValueError):
        return language
