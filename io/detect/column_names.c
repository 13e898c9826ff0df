#include "io/detect/column_names.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { RANKS = 4 };

/* Plain names between blanks; a list for each rank. */
static const char *const NAMES[N_COLUMN_USES][RANKS] = {
    [NAMES_USER] =
        {/* 0: ids, and the word itself */
         "user userid userno useridx userindex userkey usercode usernumber usernum uid useruuid userguid iduser "
         "customerid "
         "customerno customernumber customernum customercode customerkey customeridx customernr custid custno custkey "
         "custcode custnumber idcustomer memberid memberno membernumber memberkey idmember clientid clientno "
         "clientnumber clientcode clientkey idclient visitorid visitorkey fullvisitorid reviewerid accountid accountno "
         "accountnumber accountkey profileid playerid playerno personid peopleid subscriberid buyerid shopperid "
         "consumerid patronid borrowerid readerid listenerid viewerid raterid passengerid guestid gamerid studentid "
         "learnerid householdid householdkey householdnumber householdno hshdnum hhid panelid panelistid membershipid "
         "msno loyaltyid loyaltycardid loyaltycardno loyaltycardnumber cardholderid cardid cardno cardnumber steamid "
         "steamid64 judgeid customeruniqueid usersha1 usermboxsha1 partyid contactid patientid subjectid workerid "
         "donorid lfmid malid anonid encodeduserid hasheduserid hashedemail kundennummer kundennr kundenid kundeid "
         "kundenr nutzerid benutzerid mitgliedid mitgliedsnummer idcliente clienteid codcliente idutilisateur "
         "utilisateurid usuarioid idusuario numclient codeclient codigocliente gebruikerid klantid klantnummer "
         "authorsteamid userhash userdevid",
         /* 1: words */
         "users customer customers cust member members client clients visitor visitors reviewer account profile "
         "player person people subscriber buyer shopper consumer patron borrower reader listener viewer rater guest "
         "gamer student learner household panelist loyaltycard donor kunde kunden nutzer benutzer mitglied cliente "
         "utilisateur usuario acheteur klant gebruiker who",
         /* 2: names and addresses */
         "username usernm nickname screenname login loginname membername customername clientname customeremail "
         "reviewername accountname playername profilename reviewprofilename reviewuserid reviewusername "
         "reviewerprofilename displayname handle useremail emailaddress email authorname",
         /* 3: a device for a user */
         "cookieid cookie deviceid device anonymousid anonymoususerid idfa gaid"},
    [NAMES_ITEM] =
        {/* 0: ids, and the word itself */
         "item itemid itemno itemidx itemindex itemkey itemcode itemnumber itemnum itemnr iid iditem movieid filmid "
         "showid "
         "seriesid videoid artistid productid productno productnumber productnum productcode productkey productidx "
         "productnr idproduct prodid prodno prodcode pid skuid sku skus skuno skucode skunumber stockcode stockid "
         "stockno asin parentasin titleid titleno trackid songid musicid articleid articleno articlenumber articlecode "
         "articlekey articlenr idarticle artid artno bookid isbn isbn10 isbn13 gameid appid animeid mangaid beerid "
         "beerbeerid wineid restaurantid businessid venueid placeid placecode poiid jokeid newsid storyid postid "
         "recipeid courseid albumid podcastid episodeid adid hotelid listingid propertyid jobid vacancyid repoid "
         "repositoryid photoid imageid paperid docid documentid pageid tmdbid imdbid gtin ean ean13 upc upccode "
         "barcode "
         "materialid materialnumber materialno partno partnumber partid merchandiseid goodsid goodid goodsno goodsidx "
         "offerid dishid menuitemid drugid contentid assetid brandid channelid playlistid fundid artistmbid "
         "musicbrainzartistid musicbrainztrackid trackmbid clickarticleid artikelnummer artikelnr artikelid produktid "
         "produktnummer produktnr produitid idproduit codeproduit productoid idproducto codigoproducto artikelcode "
         "productasin contentitemid movielensid netflixid spotifyid trackuri itemuuid itemguid productuuid",
         /* 1: words */
         "items movie movies film show series video artist product products prod track song article articles book "
         "books game app anime manga beer wine restaurant business venue place poi joke news story post recipe course "
         "album podcast episode hotel listing job repo repository paper document material merchandise goods dish drug "
         "content asset artikel produkt ware produit producto articulo titel what songs basket",
         /* 2: titles */
         "title itemname itemtitle itemnm movietitle movienm moviename filmtitle filmname artistname artname "
         "productname producttitle productnm prodname trackname tracktitle songname songtitle articlename articletitle "
         "booktitle bookname gamename gametitle animename animetitle animenm beername winename restaurantname "
         "businessname venuename placename albumname albumtitle recipename showname showtitle videotitle coursename "
         "appname itemdescription productdescription itemdesc produktname artikelname",
         NULL},
    [NAMES_VALUE] =
        {/* 0: a rating, or what is counted */
         "rating ratings rate userrating userrate itemrating ratingvalue bookrating beerrating reviewoverall "
         "overallrating ratingoverall ratingscore reviewrating reviewscore reviewstars animerating myrating "
         "movierating moviescore restaurantrating starrating score scores userscore myscore stars star overall "
         "preference value values quantity qty quantityordered orderquantity orderqty orderedquantity orderedqty "
         "quantitysold soldquantity itemquantity salesquantity salesqty soldqty itemqty productquantity unitssold "
         "unitsordered units unit nunits pieces plays playcount nplays numplays nbplays totalplays totalartistplays "
         "playscount listens listencount listeningcount scrobbles count counts cnt freq frequency eventcount "
         "purchases npurchases purchasecount numpurchases clicks clickcount nclicks views viewcount nviews visits "
         "visitcount hours hoursplayed playtime playtimeforever playhours hoursonrecord authorplaytimeforever "
         "minutesplayed secondsplayed msplayed listeningtime listentime watchtime watchseconds timespent dwelltime "
         "watchratio weight strength interactions ninteractions interactioncount interactionweight timesplayed "
         "timesbought timespurchased confidence feedbackscore implicitrating explicitrating menge anzahl bewertung "
         "stueck punkte quantite cantidad calificacion aantal",
         /* 1: words of several meanings */
         "amount minutes seconds duration times like liked likes islike isliked target label relevance relevancescore "
         "grade opinion vote votes watched number num events note",
         NULL, NULL},
    [NAMES_TIME] =
        {/* 0: when it happened, to the second */
         "timestamp timestamps timestampms timestampsec timestamputc tstamp ts datetime dateandtime eventtime "
         "eventtimestamp eventdatetime unixtime unixtimestamp unixreviewtime epoch epochtime utctime utctimestamp "
         "createdat createdtime creationtime createtime invoicedate invoicedatetime orderdatetime orderedat "
         "ordertimestamp orderpurchasetimestamp purchasedat purchasetimestamp transactiondatetime reviewtimestamp "
         "reviewedat ratingtimestamp ratedat playedat playtimestamp listenedat listentimestamp watchedat viewedat "
         "clicktimestamp soldat logtimestamp interactiontimestamp zeitstempel timems timesec eventtimets "
         "timestampcreated",
         /* 1: the time or day of an event */
         "time date when eventdate tdat orderdate ordertime purchasedate purchasetime purchasedon transactiondate "
         "transactiontime transactiondt transdate transtime trandate invoicetime reviewtime reviewdate "
         "reviewcreationdate ratingdate ratingtime watchdate viewdate visitdate visittime clicktime clickdate "
         "actiontime actiondate saledate saletime salesdate salestime solddate checkintime checkindate dateadded "
         "dateread dateofpurchase dateofsale dateofinvoice dateoforder bookingdate bookedat logtime logdate "
         "interactiontime interactiondate servertime created createdate createddate creationdate createdon datum "
         "bestelldatum kaufdatum rechnungsdatum belegdatum fecha fechacompra dateachat startedat starttime lastplayed "
         "lastplayedat requesttime impressiontime addedat sessiontime visitstarttime localtime posted postedat "
         "ratingat likedat streamedat endtime",
         /* 2: a day, or another time of the same thing */
         "day updatedat modifiedat dateupdated shipdate", NULL},
    [NAMES_TITLE] =
        {"title itemtitle itemname movietitle moviename filmtitle artistname productname producttitle trackname "
         "tracktitle songname songtitle booktitle bookname articlename articletitle gamename gametitle animename "
         "animetitle animenm prodname albumname showname restaurantname businessname beername winename appname",
         "name", "label description itemdescription productdescription", NULL},
    [NAMES_TAGS] = {"genres genre tags tag categories category keywords subjects department style class", NULL, NULL,
                    NULL},
    [NAMES_OTHER] = {
        "id index idx row rowid rowno rownumber rownum rn rank ranking position pos no nr line lineno linenumber "
        "lineid unnamed0 unnamed key uuid guid hash level0 x1 "
        /* orders and sessions */
        "orderid order orderno ordernumber ordernr orderitemid orderline orderlineid ordersequence invoice invoiceno "
        "invoiceid invoicenumber invoicenr transactionid transaction transactionno transactionnumber transid transno "
        "receiptid receipt receiptno receiptnumber basketid basketno cartid cart bill billno billid sessionid "
        "session sessionkey sessionno visit visitid visitnumber queryid query searchid impressionid impression "
        "requestid ticketid ticket tripid utripid checkoutid reviewid ratingid playid eventid eventtype evaltype "
        "eventname event eventkind action actiontype behavior behaviortype behaviour behaviourtype interaction "
        "interactiontype type kind status state orderstatus evalset addtocartorder reordered ordersinceprior "
        "dayssinceprior dayssincepriororder orderdow orderhourofday reorder clicked purchased bestellnummer "
        "rechnungsnummer belegnummer bonnummer "
        /* money */
        "price unitprice itemprice productprice listprice saleprice salesprice sellingprice retailprice baseprice "
        "actualprice discountedprice discountprice cost unitcost total totalprice totalamount totalcost subtotal "
        "grandtotal revenue sales salesamount salesvalue spend discount discountpercentage discountamount retaildisc "
        "coupondisc couponmatchdisc tax vat profit margin currency freightvalue freight shipping shippingcost fee "
        "paymentvalue payment paymentmethod paymenttype promo promotion coupon preis einzelpreis betrag umsatz "
        "lineamount linetotal amountpaid actualpayment msrp prix precio importe "
        /* about items */
        "categoryid categorycode categoryname subcategory maincategory categoryl1 categoryl2 category categories "
        "itemcategory itemcategoryid productcategory productcategoryid classid class subclass departmentid department "
        "dept deptid aisle aisleid genre genres tag tags keyword keywords brand brandname brandcode manufacturer "
        "vendor vendorid seller sellerid supplier supplierid store storeid storeno shop shopid merchant merchantid "
        "description desc details color colour size model year yearofpublication releaseyear releasedate publisher "
        "author authors bookauthor director cast actors language plot overview summary summaryreview url link image "
        "imageurl imageurls img images thumbnail runtime length format pages averagerating avgrating ratingaverage "
        "ratingsaverage meanrating ratingnumber ratingcount ratingscount numratings numratingsreceived reviewcount "
        "numreviews nreviews popularity budget beerstyle beerabv abv breweryid breweryname mbid ingredients "
        "reviewaroma reviewappearance reviewpalate reviewtaste aroma appearance palate taste food service ambience "
        "ratingfood ratingservice foodrating servicerating productparent locationid "
        /* about users */
        "age agegroup gender sex country countryid countryname region regionid city cityname province address street "
        "zip zipcode zipcodeid postcode postalcode plz location latitude longitude lat lon lng long geohash "
        "usergeohash venuecategoryid venuecategory venuecatid timezone timezoneoffset timezoneoffsetinminutes "
        "utcoffset altitude occupation job income education maritalstatus birthdate birthday birthyear dateofbirth "
        "dob phone phonenumber ip ipaddress useragent browser os platform devicetype devicefamily channel "
        "saleschannel saleschannelid source medium campaign referrer referer segment customersegment loyalty "
        "loyaltystatus firstname lastname name fashionnewsfrequency fn active clubmemberstatus familysize "
        "householdsize "
        /* about reviews */
        "review reviewtext reviews reviewbody reviewtitle reviewheadline reviewsummary comment comments text body "
        "contents message notes headline helpful helpfulness reviewhelpfulness helpfulvotes helpfulvote totalvotes "
        "helpfulyes upvotes downvotes useful funny cool vine verified verifiedpurchase marketplace hasspoiler "
        "isspoiler spoiler isread isreviewed shipmode shipregion "
        /* the calendar */
        "month week weekday weekno dayofweek dow hour hourofday quarter weekofyear dayofmonth minute second "
        "fold split set partition issue",
        NULL, NULL, NULL}};

/* Types that RecBole writes behind the names of its atomic files. */
static size_t without_type(const char *field, size_t n) {
  static const char *const TYPES[] = {":token", ":float", ":token_seq", ":float_seq"};
  for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
    size_t length = strlen(TYPES[i]);
    if (n > length && strncasecmp(field + n - length, TYPES[i], length) == 0)
      return n - length;
  }
  return n;
}

void column_plain_name(const char *field, size_t n, char out[COLUMN_NAME_MAX]) {
  size_t length = 0, i = 0;
  if (n > 0 && field[n - 1] == '"') /* a quoted field of a text without quoting */
    n--;
  n = without_type(field, n);
  while (i < n && length + 1 < COLUMN_NAME_MAX) {
    unsigned char c = (unsigned char)field[i];
    if (n - i >= 3 && memcmp(field + i, "\xef\xbb\xbf", 3) == 0) {
      i += 3;
      continue;
    }
    if (isalnum(c) || c >= 0x80)
      out[length++] = (char)tolower(c);
    i++;
  }
  out[length] = '\0';
}

/* Returns true if the blank-separated list holds the name. */
static bool in_list(const char *list, const char *name) {
  size_t n = strlen(name);
  if (n == 0)
    return false;
  for (const char *s = list; (s = strstr(s, name)) != NULL; s += n)
    if ((s == list || s[-1] == ' ') && (s[n] == ' ' || s[n] == '\0'))
      return true;
  return false;
}

int column_name_rank(column_use use, const char *plain) {
  for (int rank = 0; rank < RANKS && NAMES[use][rank] != NULL; rank++)
    if (in_list(NAMES[use][rank], plain))
      return rank;
  return -1;
}
