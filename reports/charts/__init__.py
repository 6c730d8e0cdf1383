"""One Altair specification a chart: vector for print, interactive on screen."""
